package dev.ancilla.junix

import org.newsclub.net.unix.AFUNIXDatagramChannel
import org.newsclub.net.unix.AFUNIXSocketAddress
import java.io.File
import java.io.FileDescriptor
import java.io.IOException
import java.io.RandomAccessFile
import java.nio.ByteBuffer
import java.util.UUID
import kotlin.concurrent.thread

/*
 * The ids are those of the rows in the table of junixsocket's habits: A1 to A28 are numbered there. Its
 * sections without numbers are counted in their order:
 *
 * B1 unnamed sender   B2 empty or nothing   B3 send empty       B4 largest message   B5 truncation
 * B6 peek             B7 sender forms       B8 reply, connect   B9 disconnect        B10 unconnected
 * B11 exceptions      B12 full peer         B13 OP_WRITE        B14 autobind         B15 the JDK's addresses
 * B16 read-only       B17 interrupt, close
 * C1 kinds passed     C2 files passed       C3 kinds adopted    C4 queued, closed    C5 gathered buffers
 * D1 two selectors    D2 arm in a select    D3 close in one     D4 many keys
 * H1 253 descriptors  H2 one-shot arms      H3 interrupts       H4 mode and replies  H5 module of the library
 *
 * The rest of C, about streams, has no number: the tests of streams say what it is about.
 */

/**
 * A habit of raw junixsocket that a part of this module works around.
 *
 * @property isThere shows the habit, in a process of its own: it may leak, and leave threads hanging
 */
internal class RawRow(val id: String, val habit: String, val workaround: String, val isThere: () -> Boolean)

internal val RAW_ROWS = RAW_SENDS + RAW_RECEIVES + RAW_DESCRIPTORS + RAW_SOCKETS + RAW_SELECTORS + RAW_STREAMS

internal fun rawName(): AFUNIXSocketAddress =
    AFUNIXSocketAddress.inAbstractNamespace("raw-${UUID.randomUUID()}")

internal fun rawSocket(): AFUNIXDatagramChannel = AFUNIXDatagramChannel.open().apply {
    configureBlocking(false)
}

internal fun rawBound(): AFUNIXDatagramChannel = rawSocket().apply { bind(rawName()) }

/** A socket that is connected to the other; without that it passes no descriptors. */
internal fun rawConnected(to: AFUNIXDatagramChannel): AFUNIXDatagramChannel =
    rawSocket().apply { connect(to.localAddress) }

internal fun bytes(text: String): ByteBuffer = ByteBuffer.wrap(text.toByteArray())

internal fun room(): ByteBuffer = ByteBuffer.allocate(100)

internal fun AFUNIXDatagramChannel.fill(): Int = generateSequence {
    write(bytes("x"))
}.takeWhile { it > 0 }.count()

internal fun AFUNIXDatagramChannel.receiveRaw(): String? {
    val buffer = room()
    receive(buffer)
    return if (buffer.position() == 0) null else String(buffer.array(), 0, buffer.position())
}

internal fun rawFile(): FileDescriptor = RandomAccessFile("/proc/self/status", "r").fd.also {
    RAW_FILES.add(it)
}

/** Keeps them from being collected, and closed, while a row counts descriptors. */
private val RAW_FILES = mutableListOf<FileDescriptor>()

internal fun rawDirectory(): File = kotlin.io.path.createTempDirectory("raw").toFile().apply {
    deleteOnExit()
}

internal fun descriptorCount(): Int = File("/proc/self/fd").list()!!.size

internal fun fails(block: () -> Unit): Boolean = try {
    block()
    false
} catch (expected: IOException) {
    true
} catch (expected: RuntimeException) {
    true
}

/** Runs a block on a thread that may hang for ever, and tells whether it still does after this time. */
internal fun hangs(millis: Long, block: () -> Unit): Boolean =
    thread(isDaemon = true) { runCatching(block) }.run {
        join(millis)
        isAlive
    }
