package dev.ancilla.examples.tool

import dev.ancilla.Datagram
import dev.ancilla.DgramSocket
import dev.ancilla.Message
import dev.ancilla.SocketOpException
import dev.ancilla.coroutines.send
import kotlinx.coroutines.withTimeoutOrNull
import java.net.InetSocketAddress
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
    if (sender is InetSocketAddress && sender.port == 0) {
        warn("no reply: ${sender.shown()} has no port")
        return false
    }
    return patiently(sender.shown(), warn) { send(answer.to(sender)) }
}

/**
 * Has [send] send an answer to [who] and returns whether all of it went. If not, which is told to [warn],
 * nothing sensible can follow on a stream.
 */
internal suspend fun patiently(who: String, warn: (String) -> Unit, send: suspend () -> Unit): Boolean {
    var sent = false
    try {
        withTimeoutOrNull(PATIENCE) {
            send()
            sent = true
        }
        if (!sent) warn("no reply: $who has no room")
    } catch (e: SocketOpException) {
        warn("no reply: ${e.inOneLine()}")
    }
    return sent
}
