package dev.ancilla.examples.bench

import java.io.EOFException
import java.net.StandardProtocolFamily
import java.net.UnixDomainSocketAddress
import java.nio.ByteBuffer
import java.nio.channels.ServerSocketChannel
import java.nio.channels.SocketChannel
import java.nio.file.Files
import java.nio.file.Path

/**
 * A Unix stream as the JDK has it, on a thread that blocks, with a call for each message: the JDK has no
 * Unix datagrams, and this is what its programs use instead.
 */
internal class JdkStreamEnd(private val figure: Figure, private val path: Path) : End {
    private val server =
        ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(path))
    private val opening = lazy { connected ?: server.accept() }
    private val stream: SocketChannel by opening
    private var connected: SocketChannel? = null
    private val data = ByteBuffer.allocateDirect(MESSAGE_SIZE).put(dataMessage())
    private val buffer = ByteBuffer.allocateDirect(MESSAGE_SIZE)

    override val where: String get() = "$path"

    override fun connect(where: String) {
        connected = SocketChannel.open(UnixDomainSocketAddress.of(where))
    }

    override fun give(stopwatch: Stopwatch): Run {
        val run = if (figure == Figure.ROUND_TRIPS) ask(stopwatch) else send(stopwatch)
        write(ByteBuffer.wrap(lastMessage()))
        return run
    }

    private fun send(stopwatch: Stopwatch): Run {
        while (stopwatch.runs()) write(data.rewind())
        return stopwatch.read()
    }

    private fun ask(stopwatch: Stopwatch): Run {
        while (stopwatch.runsTrip()) {
            write(data.rewind())
            read()
            check(buffer[0] == DATA)
            stopwatch.tripDone()
        }
        return stopwatch.readTrips()
    }

    override fun take(): Run {
        var count = 0L
        while (true) {
            read()
            if (buffer[0] == LAST) return Run(count)
            if (figure == Figure.ROUND_TRIPS) write(buffer.flip())
            count++
        }
    }

    private fun write(message: ByteBuffer) {
        while (message.hasRemaining()) stream.write(message)
    }

    /** A stream has no borders: a message may come in pieces. */
    private fun read() {
        buffer.clear()
        while (buffer.hasRemaining()) {
            if (stream.read(buffer) <
                0
            ) {
                throw EOFException("the other end has gone")
            }
        }
    }

    override fun close() {
        connected?.close()
        if (opening.isInitialized()) stream.close()
        server.close()
        Files.deleteIfExists(path)
    }
}
