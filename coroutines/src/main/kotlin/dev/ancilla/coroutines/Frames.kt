package dev.ancilla.coroutines

import dev.ancilla.Ancillary
import dev.ancilla.StreamSocket
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.channels.ReceiveChannel
import kotlinx.coroutines.flow.Flow
import kotlinx.io.bytestring.ByteString
import kotlinx.io.bytestring.unsafe.UnsafeByteStringApi
import kotlinx.io.bytestring.unsafe.UnsafeByteStringOperations
import java.io.EOFException
import java.io.IOException
import java.net.ProtocolException
import java.nio.ByteBuffer

/** What a message of a stream has at most, if nobody says otherwise. */
internal const val MEBIBYTE: Int = 1 shl 20

/** One message of a stream that is cut into messages, with the descriptors that came with it. */
public class Frame(
    /** What was written. */
    public val payload: ByteString,
    private val ancillary: Ancillary = Ancillary.none(),
) : AutoCloseable {
    /** What came with the frame, owned by it until taken. */
    public fun ancillary(): Ancillary = ancillary

    /** Closes the descriptors that nobody took. */
    override fun close(): Unit = ancillary.close()

    /** For logs: how long it is, and what it carries. */
    override fun toString(): String = "Frame(${payload.size} bytes, $ancillary)"
}

/**
 * Writes [payload] as one frame: its length, as four bytes with the highest first, then the bytes. The
 * descriptors go with the first byte, and are lent.
 *
 * ### Cancellation and errors
 * A frame that was cancelled in the midst leaves the stream in the midst of it: nothing sensible can be
 * written after it.
 */
@OptIn(UnsafeByteStringApi::class)
public suspend fun StreamSocket.writeFrame(payload: ByteString, ancillary: Ancillary = Ancillary.none()) {
    val length = ByteBuffer.allocate(Int.SIZE_BYTES).putInt(0, payload.size)
    val bytes: ByteBuffer
    // A provider reads the buffer only, and a byte string never changes.
    UnsafeByteStringOperations.withByteArrayUnsafe(payload) { bytes = ByteBuffer.wrap(it) }
    write(listOf(length, bytes), ancillary)
}

/**
 * Reads one frame that [writeFrame] has written, suspending until it is there. The caller closes it.
 *
 * ### Cancellation
 * A cancelled call has read nothing: neither a part of a frame nor its descriptors are lost.
 *
 * @param maxBytes the longest payload; a peer cannot make this process hold more
 * @return the frame, or `null` at the end of the stream
 * @throws ProtocolException if a frame is longer, or brings more descriptors than the socket's
 *   [maxDescriptors][StreamSocket.maxDescriptors]; it stays for the next read
 * @throws EOFException if the stream ends within a frame
 */
@OptIn(UnsafeByteStringApi::class)
public suspend fun StreamSocket.readFrame(maxBytes: Int = MEBIBYTE): Frame? {
    val head = ByteBuffer.allocate(Int.SIZE_BYTES)
    val ancillary = readHead(head) ?: return null
    try {
        val length = head.getInt(0)
        if (length !in 0..maxBytes) {
            throw ProtocolException(
                "readFrame: $this sends a frame of ${length.toUInt()} bytes, more than maxBytes ($maxBytes)",
            )
        }
        val bytes = ByteArray(length)
        if (length > 0) readExactly(ByteBuffer.wrap(bytes)).close()
        return Frame(UnsafeByteStringOperations.wrapUnsafe(bytes), ancillary)
    } catch (failure: Throwable) {
        // Back to where it was, so that the next call meets the same frame.
        putBack(head, ancillary)
        throw failure
    }
}

private suspend fun StreamSocket.readHead(head: ByteBuffer): Ancillary? = try {
    readExactly(head)
} catch (end: EOFException) {
    val rest = ByteBuffer.allocate(1)
    tryRead(rest)?.use { if (it.isEnd) return null }
    throw end
}

private fun StreamSocket.putBack(head: ByteBuffer, ancillary: Ancillary) {
    try {
        unread(head.rewind(), ancillary)
    } catch (closed: IOException) {
        ancillary.close()
    }
}

/**
 * Returns the frames of the stream, as a cold flow that completes at its end.
 *
 * ### Ownership
 * Each frame is closed when the collector is done with it: what is to stay is
 * [taken][dev.ancilla.Ancillary.take] before that.
 *
 * @param maxBytes the longest payload
 * @throws ProtocolException in the collector, if a frame is longer
 * @throws EOFException in the collector, if the stream ends within a frame
 */
public fun StreamSocket.frames(maxBytes: Int = MEBIBYTE): Flow<Frame> =
    Received(next = { readFrame(maxBytes) }, give = { frame -> frame.use { emit(it) } })

/**
 * Opens a channel of the frames of the stream, which a coroutine of [scope] fills. It is closed at the end
 * of the stream, or of the socket, and fails with what ended the reading.
 *
 * ### Ownership
 * Who receives a frame closes it. Frames that nobody received, because the channel or the scope was
 * cancelled, are closed with their descriptors; what was not read into the channel stays with the socket.
 *
 * @param capacity how many frames wait in the channel, at least 1; then the peer waits
 * @param maxBytes the longest payload: a peer cannot make this process hold more than [capacity] + 1 of them
 * @throws IllegalArgumentException if [capacity] is less than 1
 */
public fun StreamSocket.framesIn(
    scope: CoroutineScope,
    capacity: Int = 16,
    maxBytes: Int = MEBIBYTE,
): ReceiveChannel<Frame> = filling(scope, capacity, Frame::close) { channel ->
    while (true) channel.send(readFrame(maxBytes) ?: break)
}
