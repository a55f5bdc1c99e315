package dev.ancilla.coroutines

import dev.ancilla.Ancillary
import dev.ancilla.StreamSocket
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.channels.ReceiveChannel
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.io.Buffer
import kotlinx.io.indexOf
import kotlinx.io.readByteArray
import kotlinx.io.readString
import java.net.ProtocolException
import java.nio.ByteBuffer

/**
 * Returns the lines of the stream as UTF-8, without their line ends, as a cold flow that completes at its end.
 * A last line may lack its line end. Descriptors that come with the bytes are closed.
 *
 * ### Cancellation
 * Bytes that came after the line at which a collector stops are put back for the next read.
 *
 * @param maxBytes the longest line; a peer cannot make this process hold much more
 * @throws ProtocolException in the collector, if a line is longer
 * @sample dev.ancilla.testkit.samples.serveAndAsk
 */
public fun StreamSocket.lines(maxBytes: Int = MEBIBYTE): Flow<String> = flow {
    val buffer = Buffer()
    try {
        while (true) {
            val line = nextLine(buffer, maxBytes) ?: break
            emit(line)
        }
    } finally {
        val rest = ByteBuffer.wrap(buffer.readByteArray())
        if (rest.hasRemaining() && isOpen) unread(rest, Ancillary.none())
    }
}

/**
 * Opens a channel of the lines of the stream, as [lines] has them, which a coroutine of [scope] fills. It is
 * closed at the end of the stream, or of the socket, and fails with what ended the reading.
 *
 * ### Cancellation
 * Lines that nobody received, because the channel or the scope was cancelled, are lost; bytes that came after
 * them are put back for the next read.
 *
 * @param capacity how many lines wait in the channel, at least 1; then the peer waits
 * @param maxBytes the longest line
 * @throws IllegalArgumentException if [capacity] is less than 1
 */
public fun StreamSocket.linesIn(
    scope: CoroutineScope,
    capacity: Int = 16,
    maxBytes: Int = MEBIBYTE,
): ReceiveChannel<String> = filling(scope, capacity, {}) { channel -> lines(maxBytes).collect(channel::send) }

private suspend fun StreamSocket.nextLine(buffer: Buffer, maxBytes: Int): String? {
    var searched = 0L
    while (true) {
        val end = buffer.indexOf(LINE_END, searched)
        if (end > maxBytes || (end < 0 && buffer.size > maxBytes)) {
            throw ProtocolException("lines: $this sends a line of more than maxBytes ($maxBytes)")
        }
        if (end >= 0) return buffer.readString(end).removeSuffix("\r").also { buffer.skip(1) }
        searched = buffer.size
        if (readAtMostTo(buffer).use { it.isEnd }) {
            return if (buffer.size > 0) buffer.readString() else null
        }
    }
}

private const val LINE_END = '\n'.code.toByte()
