package dev.ancilla.coroutines

import dev.ancilla.Datagram
import dev.ancilla.DgramSocket
import dev.ancilla.Message
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.channels.ReceiveChannel
import kotlinx.coroutines.channels.SendChannel
import kotlinx.coroutines.launch
import java.io.IOException
import java.util.concurrent.atomic.AtomicLong

/** Says that a [DgramChannel] with [Overflow.FAIL] was full when the next message arrived. */
public class ChannelOverflowException internal constructor(
    capacity: Int,
) : IOException("a message arrived while $capacity others waited in the channel")

/**
 * The messages of a socket as two channels.
 *
 * ### Ownership
 * Who receives from [incoming] closes the message. Messages that nobody received, because they were
 * dropped or the channel was cancelled, are closed with their descriptors. A message given to [outgoing]
 * still lends its descriptors: they stay open until it was sent.
 *
 * ### Ending
 * [close], the end of the scope, or closing the socket end both channels; the scope does not end before they
 * do. Nothing of them stays behind: no coroutine, no waiter, no descriptor. [close] leaves the socket open.
 */
public class DgramChannel internal constructor(
    private val socket: DgramSocket,
    scope: CoroutineScope,
    private val capacity: Int,
    private val overflow: Overflow,
) : AutoCloseable {
    private val dropped = AtomicLong()
    private val received = Channel<Datagram>(capacity, onUndeliveredElement = Datagram::close)
    private val sending = Channel<Message>(capacity)
    private val job =
        scope.launch {
            val receiving =
                launch {
                    socket.tellingEnd(received) { receiveAll() }
                    // The other half may be waiting for a message that cannot be sent any more.
                    if (!socket.isOpen) sending.close()
                }
            // Who waits for a message that nobody will receive would take it from another.
            received.invokeOnClose { receiving.cancel() }
            launch {
                socket.tellingEnd(sending) { sendAll() }
                dropUnsent()
            }
        }

    /**
     * The messages that arrived. Closed when the socket is; fails with what ended receiving. Once it is
     * cancelled, messages stay with the socket.
     */
    public val incoming: ReceiveChannel<Datagram> get() = received

    /**
     * Takes messages to send, in order. Sending to it suspends while [capacity][channel] messages wait.
     * When the kernel refuses one, the channel is closed with that failure, and those behind it are not sent.
     */
    public val outgoing: SendChannel<Message> get() = sending

    /** How many messages were dropped because the buffer was full. */
    public val droppedCount: Long get() = dropped.get()

    init {
        // Not when both halves came to their end: what was received is still there to be read.
        job.invokeOnCompletion { cancelled ->
            if (cancelled != null) {
                received.cancel()
                sending.cancel()
            }
        }
    }

    private suspend fun receiveAll() {
        while (true) {
            val message = socket.receiveOrEnd() ?: return
            when (overflow) {
                Overflow.SUSPEND -> received.send(message)
                Overflow.DROP_OLDEST -> while (!offer(message)) received.tryReceive().getOrNull()?.let(::drop)
                Overflow.DROP_LATEST -> if (!offer(message)) drop(message)
                Overflow.FAIL -> if (!offer(message)) overflown(message)
            }
        }
    }

    /** Puts [message] into the buffer, if there is room; closes it if nobody can receive it any more. */
    private fun offer(message: Datagram): Boolean {
        val offered = received.trySend(message)
        if (offered.isClosed) {
            message.close()
            throw CancellationException("the channel was cancelled")
        }
        return offered.isSuccess
    }

    private fun drop(message: Datagram) {
        dropped.incrementAndGet()
        message.close()
    }

    private fun overflown(message: Datagram) {
        drop(message)
        throw ChannelOverflowException(capacity)
    }

    private suspend fun sendAll() {
        for (message in sending) socket.send(message)
    }

    /** A closed channel still takes who was waiting to send to it, and would let them wait for ever. */
    private fun dropUnsent() {
        while (sending.tryReceive().isSuccess) continue
    }

    /** Ends both channels; the socket stays open. Idempotent. */
    override fun close() {
        job.cancel()
    }
}

/**
 * Opens two channels over this socket, whose coroutines run in [scope].
 *
 * @param capacity how many messages wait in each channel, at least 1
 * @param overflow what happens to a message that arrives while as many wait
 * @throws IllegalArgumentException if [capacity] is less than 1
 * @sample dev.ancilla.coroutines.samples.answerOverChannel
 */
public fun DgramSocket.channel(
    scope: CoroutineScope,
    capacity: Int = 64,
    overflow: Overflow = Overflow.SUSPEND,
): DgramChannel {
    require(capacity >= 1) { "channel: capacity is $capacity, less than 1" }
    return DgramChannel(this, scope, capacity, overflow)
}
