package dev.ancilla.coroutines

import dev.ancilla.Datagram
import dev.ancilla.DgramSocket
import dev.ancilla.Message
import dev.ancilla.SocketOpException
import dev.ancilla.UdpSocket
import dev.ancilla.UnixSeqpacketSocket
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Semaphore
import java.io.EOFException
import java.net.InetSocketAddress
import java.nio.channels.ClosedChannelException
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

/**
 * Answers questions until the socket is closed or the call is cancelled: each question with [handler], in a
 * coroutine of its own, and its answer goes to who asked; of sequenced packets that is the peer. A question
 * of an unnamed sender is handled too, but its answer has nowhere to go, nor has one to port 0 of UDP.
 *
 * ### Errors
 * An asker that has gone away is no error of the server, nor is an answer that the kernel refuses. What
 * [handler] throws ends the call and all other handlers, as in any `coroutineScope`.
 *
 * ### Back-pressure
 * An answer waits for an asker that is full, and keeps its handler's place meanwhile; after [patience] it is
 * dropped, so that who does not read its answers cannot stop the service.
 *
 * ### Cancellation
 * A cancelled call has lost no question that it did not give to [handler].
 *
 * @param concurrency how many handlers run at a time; further questions stay in the kernel
 * @param patience how long an answer waits for an asker that is full; zero tries once
 * @param handler gets the message, which is closed when it returns, and returns the answer, or `null` for none
 * @throws IllegalArgumentException if [concurrency] is less than 1 or [patience] is negative
 * @throws SocketOpException if the kernel refuses to receive
 * @sample dev.ancilla.coroutines.samples.askAndAnswer
 */
public suspend fun DgramSocket.answerEach(
    concurrency: Int = 64,
    patience: Duration = 5.seconds,
    handler: suspend (Datagram) -> Message?,
) {
    require(!patience.isNegative()) { "answerEach: patience is negative: $patience" }
    require(concurrency >= 1) { "answerEach: concurrency is $concurrency, less than 1" }
    val places = Semaphore(concurrency)
    coroutineScope {
        while (true) {
            places.acquire()
            val question = receiveOrEnd() ?: return@coroutineScope
            // Undispatched, so that the handler has the question whatever is cancelled meanwhile.
            launch(start = CoroutineStart.UNDISPATCHED) {
                try {
                    question.use { answer(it, handler(it), patience) }
                } finally {
                    places.release()
                }
            }
        }
    }
}

private val log = System.getLogger("dev.ancilla.coroutines")

/** Receives the next message, or tells the end of the socket, or of its connection. */
internal suspend fun DgramSocket.receiveOrEnd(): Datagram? = try {
    receive()
} catch (closed: ClosedChannelException) {
    if (isOpen) throw closed
    null
} catch (end: EOFException) {
    null // Of the connection of sequenced packets.
}

private suspend fun DgramSocket.answer(question: Datagram, answer: Message?, patience: Duration) {
    try {
        val aimed = aim(answer ?: return, question) ?: return
        if (!sendWithin(patience, aimed)) {
            log.log(System.Logger.Level.DEBUG, "an answer was dropped: {0} does not read", question.sender())
        }
    } catch (refused: SocketOpException) {
        log.log(System.Logger.Level.DEBUG, "an answer was not taken", refused)
    } catch (closed: ClosedChannelException) {
        if (isOpen) throw closed // Otherwise it is the end of the whole call, and no error.
    }
}

/** The answer with where it goes, or `null` if who asked cannot be answered. */
private fun DgramSocket.aim(answer: Message, question: Datagram): Message? {
    val asker = question.sender()
    return when {
        this is UnixSeqpacketSocket -> answer.to(null)

        asker == null -> null

        asker is InetSocketAddress && asker.port == 0 -> null

        // A connected one takes no target, not even its peer (EISCONN).
        this is UdpSocket && asker == remoteAddress() -> answer.to(null)

        else -> answer.to(asker)
    }
}
