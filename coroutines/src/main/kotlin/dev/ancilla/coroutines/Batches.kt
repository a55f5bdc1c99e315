package dev.ancilla.coroutines

import dev.ancilla.Datagram
import dev.ancilla.DgramSocket
import dev.ancilla.Message
import dev.ancilla.ReceiveBatch
import dev.ancilla.SendBatch
import dev.ancilla.spi.Interest
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
 * Receives what is there into [batch], at least one datagram, suspending until one arrives. What the
 * batch held is dropped. With [dev.ancilla.Feature.BATCHES] that is one system call, and no message costs
 * an allocation.
 *
 * ### Cancellation
 * A cancelled call has received nothing.
 *
 * @return how many datagrams came
 * @throws IllegalArgumentException if the batch is of another provider
 * @sample dev.ancilla.coroutines.samples.receiveBatches
 */
public suspend fun DgramSocket.receiveBatch(batch: ReceiveBatch): Int {
    var inVain = batch.isOpen && readiness().likelyEmpty()
    while (true) {
        spendTurn()
        if (!inVain) {
            val count = attempt(Interest.READ) { tryReceive(batch) }
            if (count > 0) return count
        }
        inVain = false
        awaitReady { wake -> readiness().arm(Interest.READ, wake) }
    }
}

/**
 * Sends all datagrams of [batch] in order, suspending while a target has no room.
 *
 * ### Cancellation and errors
 * What was sent has left the batch, also when this throws; the rest is still in it. A message that fails
 * is the first that is left.
 *
 * @throws IllegalArgumentException if the batch is of another provider
 * @sample dev.ancilla.coroutines.samples.sendBatches
 */
public suspend fun DgramSocket.send(batch: SendBatch) {
    beginSend(batch).use { send ->
        while (true) {
            spendTurn()
            if (attempt(Interest.WRITE) { send.attempt() }) return
            awaitReady(send::arm)
        }
    }
}
