package dev.ancilla.coroutines

import dev.ancilla.DgramSocket
import dev.ancilla.Feature
import dev.ancilla.Message
import dev.ancilla.SendBatch
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.ConcurrentLinkedDeque

/** How many messages a system call sends at most; more gain nothing that can be measured. */
private const val MESSAGES = 64

/** What is longer is sent alone: its copying costs more than its system call. */
private const val BYTES = 2048

/**
 * Sends the messages in order, suspending while a target has no room. With [Feature.BATCHES] up to 64
 * of them go with one system call.
 *
 * ### Cancellation and errors
 * Those before the one that failed, or at which the call was cancelled, were sent; the others were not.
 */
public suspend fun DgramSocket.sendAll(messages: Iterable<Message>) {
    if (Feature.BATCHES !in features() || (messages is Collection && messages.size < 2)) {
        for (message in messages) send(message)
        return
    }
    val batch = KeptBatches.take(this)
    try {
        sendAll(messages, batch)
    } finally {
        KeptBatches.giveBack(this, batch)
    }
}

private suspend fun DgramSocket.sendAll(messages: Iterable<Message>, batch: SendBatch) {
    try {
        for (message in messages) {
            if (message.payload().remaining() > BYTES) {
                send(batch)
                send(message)
            } else {
                if (batch.count() == MESSAGES) send(batch)
                check(batch.add(message)) { "sendAll: $batch took no message" }
            }
        }
    } catch (refused: IllegalArgumentException) {
        // The message is wrong, or the iterable is: those before it go first, as if they had gone one by one.
        send(batch)
        throw refused
    }
    send(batch)
}

/** Batches that are kept from one call to the next, because their memory costs more than their use. */
private object KeptBatches {
    private const val MOST = 4

    private val kept = ConcurrentHashMap<Any, ConcurrentLinkedDeque<SendBatch>>()

    /** A batch is for sockets of one provider and one family. */
    private fun of(socket: DgramSocket) =
        kept.computeIfAbsent(socket.provider() to socket.javaClass) { ConcurrentLinkedDeque() }

    fun take(socket: DgramSocket): SendBatch = of(socket).pollFirst() ?: socket.newSendBatch(MESSAGES, BYTES)

    fun giveBack(socket: DgramSocket, batch: SendBatch) {
        batch.clear()
        val idle = of(socket)
        if (idle.size < MOST) idle.addFirst(batch) else batch.close()
    }
}
