package dev.ancilla.coroutines

import dev.ancilla.StreamRead
import dev.ancilla.StreamSocket
import dev.ancilla.spi.Interest
import kotlinx.io.Buffer
import kotlinx.io.RawSink
import kotlinx.io.RawSource
import kotlinx.io.UnsafeIoApi
import kotlinx.io.unsafe.UnsafeBufferOperations
import java.nio.ByteBuffer

/**
 * Reads what is there into [sink], suspending until something is: at least one byte and at most [byteCount],
 * or the end of the stream. The bytes are not copied on the way from the provider. The caller closes what it
 * returns, or takes the descriptors.
 *
 * ### Cancellation
 * A cancelled call has read nothing.
 *
 * @throws IllegalArgumentException if [byteCount] is less than 1
 * @throws java.nio.channels.ClosedChannelException if the socket is closed, also while waiting
 */
@OptIn(UnsafeIoApi::class)
public suspend fun StreamSocket.readAtMostTo(sink: Buffer, byteCount: Long = SEGMENT): StreamRead {
    require(byteCount >= 1) { "readAtMostTo: byteCount is $byteCount, less than 1" }
    while (true) {
        spendTurn()
        // The segment is lent for the attempt alone.
        var read: StreamRead? = null
        attempt(Interest.READ) {
            UnsafeBufferOperations.writeToTail(sink, 1) { bytes, from, to ->
                val most = minOf((to - from).toLong(), byteCount).toInt()
                read = tryRead(ByteBuffer.wrap(bytes, from, most))
                read?.count() ?: 0
            }
        }
        read?.let { return it }
        awaitReady { wake -> readiness().arm(Interest.READ, wake) }
    }
}

/** What a segment of a kotlinx-io buffer holds at most. */
private const val SEGMENT = 8192L

/**
 * Writes the first [byteCount] bytes of [source], suspending while the peer reads too slowly. They are not
 * copied on the way to the provider.
 *
 * ### Cancellation and errors
 * What was written has left [source], also when this throws.
 *
 * @throws IllegalArgumentException if [source] has fewer bytes
 * @throws java.nio.channels.ClosedChannelException if the socket is closed, also while waiting
 * @throws dev.ancilla.SocketOpException if the kernel refuses: `EPIPE` if the peer reads no more
 */
@OptIn(UnsafeIoApi::class)
public suspend fun StreamSocket.write(source: Buffer, byteCount: Long = source.size) {
    require(byteCount in 0..source.size) { "write: byteCount is $byteCount, not within 0..${source.size}" }
    var left = byteCount
    while (left > 0) {
        spendTurn()
        val written =
            attempt(Interest.WRITE) {
                UnsafeBufferOperations.readFromHead(source) { bytes, from, to ->
                    tryWrite(ByteBuffer.wrap(bytes, from, minOf((to - from).toLong(), left).toInt()))
                }
            }
        left -= written
        if (written == 0) awaitReady { wake -> readiness().arm(Interest.WRITE, wake) }
    }
}

/**
 * Returns the input as a blocking source of kotlinx-io, for code that does not suspend. Descriptors that come
 * with the bytes are closed. Closing the source ends the input and leaves the socket open.
 */
public fun StreamSocket.asSource(): RawSource = BlockingSource(this)

/**
 * Returns the output as a blocking sink of kotlinx-io, for code that does not suspend. Closing the sink ends
 * the output and leaves the socket open.
 */
public fun StreamSocket.asSink(): RawSink = BlockingSink(this)

private class BlockingSource(private val socket: StreamSocket) : RawSource {
    private var closed = false

    @OptIn(UnsafeIoApi::class)
    override fun readAtMostTo(sink: Buffer, byteCount: Long): Long {
        check(!closed) { "the source of $socket is closed" }
        require(byteCount >= 0) { "readAtMostTo: byteCount is $byteCount, less than 0" }
        if (byteCount == 0L) return 0
        var ended = false
        val count =
            UnsafeBufferOperations.writeToTail(sink, 1) { bytes, from, to ->
                val most = minOf((to - from).toLong(), byteCount).toInt()
                socket.blocking().read(ByteBuffer.wrap(bytes, from, most)).use { read ->
                    ended = read.isEnd
                    read.count()
                }
            }
        return if (ended) -1 else count.toLong()
    }

    override fun close() {
        if (closed) return
        closed = true
        socket.ending { shutdownInput() }
    }
}

private class BlockingSink(private val socket: StreamSocket) : RawSink {
    private var closed = false

    @OptIn(UnsafeIoApi::class)
    override fun write(source: Buffer, byteCount: Long) {
        check(!closed) { "the sink of $socket is closed" }
        require(
            byteCount in 0..source.size,
        ) { "write: byteCount is $byteCount, not within 0..${source.size}" }
        var left = byteCount
        while (left > 0) {
            val written =
                UnsafeBufferOperations.readFromHead(source) { bytes, from, to ->
                    val lent = ByteBuffer.wrap(bytes, from, minOf((to - from).toLong(), left).toInt())
                    socket.blocking().write(lent)
                    lent.position() - from
                }
            left -= written
        }
    }

    override fun flush() = Unit

    override fun close() {
        if (closed) return
        closed = true
        socket.ending { shutdownOutput() }
    }
}
