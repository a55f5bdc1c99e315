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
 * of them go with one system call; one whose target is a name that is not resolved goes alone, by [send].
 *
 * ### Cancellation and errors
 * Those before the one that failed, or at which the call was cancelled, were sent; the others were not. It is
 * the same where [messages] throws.
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
    val rest = messages.iterator()
    while (rest.hasNext()) {
        val alone =
            try {
                batch.fill(rest)
            } catch (failure: Throwable) {
                // Those before it go first, as if they had gone one by one.
                send(batch)
                throw failure
            }
        send(batch)
        if (alone != null) send(alone)
    }
}

/** Adds messages until there is no room, or no message, or one that is to go alone, which it returns. */
private fun SendBatch.fill(messages: Iterator<Message>): Message? {
    while (count() < MESSAGES && messages.hasNext()) {
        val message = messages.next()
        if (message.payload().remaining() > BYTES || message.target().isName()) return message
        check(add(message)) { "sendAll: $this took no message" }
    }
    return null
}

/** Batches that are kept from one call to the next, because their memory costs more than their use. */
private object KeptBatches {
    /** How many sockets have theirs kept at a time; those of others are made anew. */
    private const val SOCKETS = 64

    /** How many a socket has. */
    private const val MOST = 4

    // Of each socket its own: another may have other rules about targets.
    private val kept = ConcurrentHashMap<DgramSocket, ConcurrentLinkedDeque<SendBatch>>()

    fun take(socket: DgramSocket): SendBatch =
        kept[socket]?.pollFirst() ?: socket.newSendBatch(MESSAGES, BYTES)

    fun giveBack(socket: DgramSocket, batch: SendBatch) {
        batch.clear()
        val idle = kept[socket] ?: begin(socket)
        if (idle != null && idle.size < MOST) idle.addFirst(batch) else batch.close()
        // Meanwhile: what came too late for the end of the socket.
        if (!socket.isOpen) idle?.drop()
    }

    private fun begin(socket: DgramSocket): ConcurrentLinkedDeque<SendBatch>? {
        if (!socket.isOpen || kept.size >= SOCKETS) return null
        val made = ConcurrentLinkedDeque<SendBatch>()
        kept.putIfAbsent(socket, made)?.let { return it }
        socket.closed().thenRun { kept.remove(socket)?.drop() }
        return made
    }

    private fun ConcurrentLinkedDeque<SendBatch>.drop() {
        while (true) (pollFirst() ?: return).close()
    }
}
