package dev.ancilla.coroutines

import dev.ancilla.Ancillary
import dev.ancilla.Errno
import dev.ancilla.SocketOpException
import dev.ancilla.StreamRead
import dev.ancilla.StreamSocket
import kotlinx.io.Buffer
import java.nio.ByteBuffer
import java.nio.channels.ClosedChannelException
import java.util.concurrent.atomic.AtomicBoolean
import java.util.concurrent.atomic.AtomicInteger

/** The two halves of a stream, each for an owner of its own; the socket is closed when both are. */
public class Halves internal constructor(
    /** What the peer writes. */
    public val input: InputHalf,
    /** What the peer reads. */
    public val output: OutputHalf,
) {
    /** [input], for `val (input, output) = socket.split()`. */
    public operator fun component1(): InputHalf = input

    /** [output]. */
    public operator fun component2(): OutputHalf = output
}

/**
 * Splits the stream into halves that two coroutines own. The socket is theirs from now on.
 *
 * @sample dev.ancilla.testkit.samples.splitStream
 */
public fun StreamSocket.split(): Halves {
    val open = AtomicInteger(2)
    val letGo = { if (open.decrementAndGet() == 0) close() }
    return Halves(InputHalf(this, letGo), OutputHalf(this, letGo))
}

/** The half of a stream that is read; closing it ends the input. */
public class InputHalf internal constructor(
    private val socket: StreamSocket,
    private val letGo: () -> Unit,
) : AutoCloseable {
    private val closed = AtomicBoolean()

    /** Reads what is there, as [StreamSocket.read] does. */
    public suspend fun read(target: ByteBuffer): StreamRead = socket.read(target)

    /** Reads what is there into a buffer, as [StreamSocket.readAtMostTo] does. */
    public suspend fun readAtMostTo(sink: Buffer): StreamRead = socket.readAtMostTo(sink)

    /** Reads exactly what fits, as [StreamSocket.readExactly] does. */
    public suspend fun readExactly(target: ByteBuffer): Ancillary = socket.readExactly(target)

    /** Ends the input. Idempotent. */
    override fun close() {
        if (closed.compareAndSet(false, true)) {
            socket.ending { shutdownInput() }
            letGo()
        }
    }
}

/** The half of a stream that is written; closing it ends the output, and the peer reads the end. */
public class OutputHalf internal constructor(
    private val socket: StreamSocket,
    private val letGo: () -> Unit,
) : AutoCloseable {
    private val closed = AtomicBoolean()

    /** Writes all bytes, as [StreamSocket.write] does. */
    public suspend fun write(source: ByteBuffer, ancillary: Ancillary = Ancillary.none()): Unit =
        socket.write(source, ancillary)

    /** Writes all that is in a buffer, as [StreamSocket.write] does. */
    public suspend fun write(source: Buffer): Unit = socket.write(source)

    /** Ends the output. Idempotent. */
    override fun close() {
        if (closed.compareAndSet(false, true)) {
            socket.ending { shutdownOutput() }
            letGo()
        }
    }
}

/** Ends one direction of a stream, which the peer or another owner may have ended before. */
internal fun StreamSocket.ending(shutdown: StreamSocket.() -> Unit) {
    try {
        shutdown()
    } catch (_: ClosedChannelException) {
        // Both directions have ended.
    } catch (failure: SocketOpException) {
        if (failure.errno() != Errno.ENOTCONN) throw failure
    }
}
