package dev.ancilla.coroutines

import dev.ancilla.Ancillary
import dev.ancilla.StreamSocket
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.ExperimentalForInheritanceCoroutinesApi
import kotlinx.coroutines.channels.ReceiveChannel
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.FlowCollector
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
 * A collector that is cancelled loses nothing: bytes that came after the line at which it stops are put back
 * for the next read.
 *
 * @param maxBytes the longest line, without its line end; a peer cannot make this process hold much more
 * @throws ProtocolException in the collector, if a line is longer
 * @sample dev.ancilla.testkit.samples.serveAndAsk
 */
public fun StreamSocket.lines(maxBytes: Int = MEBIBYTE): Flow<String> = Lines(this, maxBytes)

/** Not `flow { }`, as [Received] is not: a line that was taken from the buffer is handed over. */
@OptIn(ExperimentalForInheritanceCoroutinesApi::class)
private class Lines(private val stream: StreamSocket, private val maxBytes: Int) : Flow<String> {
    override suspend fun collect(collector: FlowCollector<String>) {
        val buffer = Buffer()
        try {
            while (true) {
                currentCoroutineContext().ensureActive() // The buffer may have many, and suspends nobody.
                collector.emit(stream.nextLine(buffer, maxBytes) ?: return)
            }
        } finally {
            val rest = ByteBuffer.wrap(buffer.readByteArray())
            if (rest.hasRemaining() && stream.isOpen) stream.unread(rest, Ancillary.none())
        }
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
        val bytes = buffer.withoutReturn(if (end < 0) buffer.size else end)
        if (bytes > maxBytes) throw tooLong(maxBytes)
        if (end >= 0) return buffer.readString(bytes).also { buffer.skip(end + 1 - bytes) }
        searched = buffer.size
        if (readAtMostTo(buffer).use { it.isEnd }) {
            if (buffer.size > maxBytes) throw tooLong(maxBytes) // What could be half a line end was none.
            return if (buffer.size > 0) buffer.readString() else null
        }
    }
}

private fun StreamSocket.tooLong(maxBytes: Int) =
    ProtocolException("lines: $this sends a line of more than maxBytes ($maxBytes)")

/** How many of the first [count] bytes are left without a last one that belongs to a line end. */
private fun Buffer.withoutReturn(count: Long) = if (count > 0 &&
    this[count - 1] == RETURN
) {
    count - 1
} else {
    count
}

private const val LINE_END = '\n'.code.toByte()

private const val RETURN = '\r'.code.toByte()
