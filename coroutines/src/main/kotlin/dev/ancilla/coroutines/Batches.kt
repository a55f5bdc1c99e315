package dev.ancilla.coroutines

import dev.ancilla.Datagram
import dev.ancilla.DgramSocket
import dev.ancilla.Message
import java.io.IOException

/**
 * Receives what is there, at least one datagram and at most [max], suspending until the first arrives.
 * The caller closes each.
 *
 * ### Cancellation
 * A cancelled call has received nothing: only the first datagram is waited for.
 *
 * ### Errors
 * As [receive]. An error after the first datagram is logged and ends the batch; if it is one that stays, the
 * next call meets it.
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
            } catch (failure: IOException) {
                // The messages are worth more; and an error that stays meets the next call.
                System
                    .getLogger(
                        "dev.ancilla.coroutines",
                    ).log(System.Logger.Level.WARNING, "a batch ended early", failure)
                null
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
