package dev.ancilla.examples.tool

import dev.ancilla.DgramSocket
import dev.ancilla.Errno
import dev.ancilla.Message
import dev.ancilla.coroutines.send
import kotlinx.coroutines.withTimeoutOrNull
import java.net.SocketAddress
import kotlin.time.Duration

/** What happens to a message for which the receiver has no room. */
internal enum class Overflow { WAIT, DROP, FAIL }

/** Sends as the policy says, and counts. */
internal class Sender(
    private val socket: DgramSocket,
    private val address: SocketAddress,
    private val overflow: Overflow,
    private val timeout: Duration?,
) {
    var sent = 0L
        private set
    var dropped = 0L
        private set

    /** Returns whether the message went; `false` only where messages may be dropped. */
    suspend fun send(message: Message): Boolean {
        when (overflow) {
            Overflow.WAIT -> {
                sendWaiting(message)
            }

            Overflow.DROP -> {
                if (!socket.trySend(message)) {
                    dropped++
                    return false
                }
            }

            Overflow.FAIL -> {
                if (!socket.trySend(message)) throw refused("send", Errno.EAGAIN, address.shown())
            }
        }
        sent++
        return true
    }

    private suspend fun sendWaiting(message: Message) {
        if (timeout == null || socket.trySend(message)) {
            if (timeout == null) socket.send(message)
            return
        }
        var went = false
        withTimeoutOrNull(timeout) {
            socket.send(message)
            went = true
        }
        if (!went) throw noRoom(address, timeout, sent)
    }
}

/** Tells that the receiver took nothing more in time. */
internal fun noRoom(address: SocketAddress, timeout: Duration?, sent: Long) =
    Ending(Status.TOO_FEW, "send ${address.shown()}: no room for $timeout, $sent sent before")
