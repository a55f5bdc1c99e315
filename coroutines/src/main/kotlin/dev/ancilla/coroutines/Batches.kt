package dev.ancilla.coroutines

import dev.ancilla.Datagram
import dev.ancilla.DgramSocket
import dev.ancilla.Message

/**
 * Receives what is there, at least one datagram and at most [max], suspending until the first arrives.
 * The caller closes each.
 *
 * ### Cancellation
 * A cancelled call has received nothing: only the first datagram is waited for.
 *
 * ### Errors
 * As [receive]. An error after the first datagram ends the batch; if it is one that stays, the next call
 * meets it.
 *
 * @throws IllegalArgumentException if [max] is less than 1
 */
public suspend fun DgramSocket.receiveBatch(max: Int = 64): List<Datagram> {
    require(max >= 1) { "receiveBatch: max is $max, less than 1" }
    val batch = ArrayList<Datagram>(minOf(max, 64))
    batch += receive()
    val loop = eventLoop()
    while (batch.size < max && (!loop.inLoop() || loop.spend())) {
        val next =
            try {
                tryReceive()
            } catch (_: java.io.IOException) {
                null // The batch is worth more than the error, which is not lost if it stays.
            }
        batch += next ?: break
    }
    return batch
}

/**
 * Sends the messages one after the other, each as [send] does.
 *
 * ### Cancellation and errors
 * Those before the one that failed, or at which the call was cancelled, were sent; the others were not.
 */
public suspend fun DgramSocket.sendAll(messages: Iterable<Message>) {
    for (message in messages) send(message)
}
