package dev.ancilla.coroutines

import dev.ancilla.Datagram
import dev.ancilla.Message
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.UnixDgramSocket
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withTimeout
import java.nio.channels.ClosedChannelException
import kotlin.time.Duration

/**
 * A conversation with one server: a question goes out, its answer comes back.
 *
 * The client has a socket of its own, with a name that the system chose, so that the server can answer it.
 * It is connected: nobody but the server can put in a word.
 *
 * ### Threads and cancellation
 * Safe for use by several coroutines; one question is asked at a time. After a timeout, a cancellation or
 * a failure the next question has a new socket, so that a late answer is never taken for its own; it finds
 * a server that was restarted meanwhile.
 *
 * @param Q what is asked
 * @param A what is answered
 * @property server where the questions go
 * @sample dev.ancilla.coroutines.samples.askAndAnswer
 */
public class UnixDgramClient<in Q, out A>(
    public val server: UnixAddress,
    private val encode: (Q) -> Message,
    private val decode: (Datagram) -> A,
) : AutoCloseable {
    private val turn = Mutex()
    private var socket: UnixDgramSocket? = null
    private var closed = false

    /**
     * Asks [question] and returns the answer.
     *
     * @throws TimeoutCancellationException if there is no answer within [timeout]
     * @throws ClosedChannelException if this client is closed
     * @throws dev.ancilla.SocketOpException if nobody is at the server's address
     */
    public suspend fun ask(question: Q, timeout: Duration): A = turn.withLock {
        val used = open()
        // Not the result of the block: a timeout at its end would drop it, descriptors and all.
        var answer: Datagram? = null
        try {
            withTimeout(timeout) {
                used.send(encode(question))
                answer = used.receive()
            }
        } catch (ended: Throwable) {
            answer?.close()
            forget(used)
            throw ended
        }
        checkNotNull(answer).use(decode)
    }

    private fun open(): UnixDgramSocket {
        synchronized(this) {
            if (closed) throw ClosedChannelException()
            socket?.let { return it }
            val opened = Sockets.unixDgram().bind(UnixAddress.autobind())
            var connected = false
            try {
                opened.tryConnect(server)
                connected = true
            } finally {
                if (!connected) opened.close()
            }
            socket = opened
            return opened
        }
    }

    private fun forget(used: UnixDgramSocket) {
        synchronized(this) { socket = null }
        used.close()
    }

    /** Ends the conversation, also for who is waiting for an answer. Idempotent. */
    override fun close() {
        val used =
            synchronized(this) {
                closed = true
                socket
            }
        used?.close()
    }
}
