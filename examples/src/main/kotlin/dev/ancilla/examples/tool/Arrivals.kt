package dev.ancilla.examples.tool

import dev.ancilla.Datagram
import dev.ancilla.DgramSocket
import dev.ancilla.Errno
import dev.ancilla.SocketOpException
import dev.ancilla.coroutines.receive
import kotlinx.coroutines.delay
import kotlin.time.Duration

/**
 * The messages that arrive at a socket, one after the other.
 *
 * @property what what receives, as a failure names it
 * @property timeout how long to wait for each, `null` for ever
 * @property warn is told of a message that was lost
 */
internal class Arrivals(
    private val socket: DgramSocket,
    private val what: String,
    private val timeout: Duration?,
    private val warn: (String) -> Unit,
) {
    /** Takes [count] messages, or all that come before the timeout, of which there has to be one. */
    suspend fun takeEach(count: Long?, pause: Duration? = null, take: suspend (Datagram) -> Unit) {
        val wanted = count ?: Long.MAX_VALUE
        var received = 0L
        while (received < wanted) {
            val message = next() ?: break
            message.use { take(it) }
            received++
            if (pause != null && received < wanted) delay(pause)
        }
        if (received == 0L || received < (count ?: 0)) {
            throw Ending(Status.TOO_FEW, "$what: $received arrived, then none for $timeout")
        }
    }

    /**
     * Receives the next message, or returns `null` when the timeout passes first. One that brings more
     * descriptors than this process can open is lost, which is told; whoever sends it ends nothing.
     */
    suspend fun next(): Datagram? {
        while (true) {
            try {
                return within(timeout, socket::tryReceive) { socket.receive() }
            } catch (e: SocketOpException) {
                if (e.errno() != Errno.ENOBUFS) throw e
                warn(e.inOneLine())
            }
        }
    }
}
