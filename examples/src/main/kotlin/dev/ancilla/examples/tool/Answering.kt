package dev.ancilla.examples.tool

import dev.ancilla.Ancillary
import dev.ancilla.Datagram
import dev.ancilla.DgramSocket
import dev.ancilla.Message
import dev.ancilla.SocketOpException
import dev.ancilla.StreamSocket
import dev.ancilla.coroutines.send
import dev.ancilla.coroutines.write
import kotlinx.coroutines.withTimeoutOrNull
import java.nio.ByteBuffer
import kotlin.time.Duration.Companion.seconds

/** How long an answer waits for room at a sender that does not read. */
private val PATIENCE = 2.seconds

/**
 * Sends [answer] to the sender of [message] and returns whether it went. A sender that cannot be
 * answered, or does not read, is its own problem and not the next one's: that is told to [warn].
 */
internal suspend fun DgramSocket.answer(
    message: Datagram,
    answer: Message,
    warn: (String) -> Unit,
): Boolean {
    val sender = message.sender()
    if (sender == null) {
        warn("no reply: the sender has no address")
        return false
    }
    var sent = false
    try {
        withTimeoutOrNull(PATIENCE) {
            send(answer.to(sender))
            sent = true
        }
        if (!sent) warn("no reply: ${sender.shown()} has no room")
    } catch (e: SocketOpException) {
        warn("no reply: ${e.inOneLine()}")
    }
    return sent
}

/**
 * Writes [answer] to the other end of a stream and returns whether all of it went. If not, which is told to
 * [warn], nothing sensible can follow.
 */
internal suspend fun StreamSocket.answer(
    answer: ByteArray,
    ancillary: Ancillary,
    warn: (String) -> Unit,
): Boolean {
    var sent = false
    try {
        withTimeoutOrNull(PATIENCE) {
            write(ByteBuffer.wrap(answer), ancillary)
            sent = true
        }
        if (!sent) warn("no reply: who connected does not read")
    } catch (e: SocketOpException) {
        warn("no reply: ${e.inOneLine()}")
    }
    return sent
}
