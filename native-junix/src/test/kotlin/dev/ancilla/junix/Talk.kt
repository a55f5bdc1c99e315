package dev.ancilla.junix

import dev.ancilla.Datagram
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.UnixDgramSocket
import io.kotest.assertions.throwables.shouldThrow
import java.net.SocketAddress
import java.nio.file.Files
import java.nio.file.Path
import java.time.Duration
import kotlin.concurrent.thread

private val PATIENCE = Duration.ofSeconds(20)

/** A socket with an unused name. */
internal fun bound(maxDescriptors: Int = 0): UnixDgramSocket =
    Sockets.unixDgram().maxDescriptors(maxDescriptors).bind(UnixAddress.autobind())

internal fun unnamed(): UnixDgramSocket = Sockets.unixDgram().open()

internal fun UnixDgramSocket.send(text: String, to: SocketAddress?, vararg fds: OwnedFd) =
    blocking().send(Message.of(text).to(to).with(*fds), PATIENCE)

internal fun UnixDgramSocket.receive(): Datagram = blocking().receive(PATIENCE)

internal fun UnixDgramSocket.receiveText(): String = receive().use { it.text() }

/** Sends until the receiver has no room, and tells how many messages went. */
internal fun UnixDgramSocket.fill(to: SocketAddress?): Int {
    var count = 0
    while (trySend(Message.of("fill ${count + 1}").to(to))) {
        count++
    }
    return count
}

internal fun UnixDgramSocket.refusal(
    to: SocketAddress?,
    message: Message = Message.of("x"),
): SocketOpException = shouldThrow<SocketOpException> { trySend(message.to(to)) }

/** An open file with this content, which is gone from the directory already. */
internal fun fileWith(content: String): OwnedFd {
    val path = Files.createTempFile("row", ".txt")
    try {
        Files.writeString(path, content)
        return OwnedFd.open(path)
    } finally {
        Files.delete(path)
    }
}

/** The whole content, wherever the position is. */
internal fun OwnedFd.readText(): String = duplicate().channel().use { channel ->
    channel.position(0)
    val buffer = java.nio.ByteBuffer.allocate(channel.size().toInt())
    while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
        // Until it is full.
    }
    String(buffer.array())
}

/** The content of the file whose descriptor came, alone, with the message. */
internal fun Datagram.fileText(): String = ancillary().descriptors().single().readText()

internal fun Datagram.descriptorCount(): Int = ancillary().descriptors().size

/** The name of a socket that nobody has open any more, as a file. */
internal fun stalePath(path: Path): UnixAddress {
    Sockets.unixDgram().unlinkOnClose(false).bind(UnixAddress.path(path)).close()
    return UnixAddress.path(path)
}

/** What a block on another thread gave, or threw. */
internal class Elsewhere<T>(block: () -> T) {
    private var outcome: Result<T>? = null
    val thread = thread(isDaemon = true) { outcome = runCatching(block) }

    fun get(): T {
        thread.join(20_000)
        check(!thread.isAlive) { "still waiting at ${thread.stackTrace.joinToString("\n")}" }
        return outcome!!.getOrThrow()
    }
}

internal fun <T> elsewhere(block: () -> T) = Elsewhere(block)

/** Waits until the threads wait for a socket. */
internal fun parked(vararg calls: Elsewhere<*>) = calls.forEach { call ->
    until("the call waits") { call.thread.isWaiting() }
}

/** Whether a thread is in its selector, or parked. */
internal fun Thread.isWaiting(): Boolean =
    state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING ||
        stackTrace.any { it.className.endsWith(".ChannelPoller") && it.methodName == "poll" }
