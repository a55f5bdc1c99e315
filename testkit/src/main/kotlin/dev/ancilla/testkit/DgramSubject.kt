package dev.ancilla.testkit

import dev.ancilla.DgramSocket
import dev.ancilla.EventLoop
import dev.ancilla.Feature
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.spi.SocketKind
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.SocketAddress
import java.nio.file.Path

/** What a test asks of a socket. */
internal data class Wish(
    val limit: Int? = null,
    val sendBuffer: Int? = null,
    val receiveBuffer: Int? = null,
    val loop: EventLoop? = null,
)

/** A kind of message socket on one provider: what differs between transports. */
sealed class DgramSubject(internal val provider: String, private val kind: SocketKind) {
    internal val isUnix: Boolean get() = kind == SocketKind.UNIX_DGRAM

    /** What the provider declares of this kind; nothing if it is not available. */
    internal val features: Set<Feature> by lazy {
        Sockets
            .providers()
            .single { it.name() == provider }
            .features()[kind]
            .orEmpty()
    }

    internal abstract fun open(wish: Wish = Wish()): DgramSocket

    /** Asks for a feature, which a provider without it refuses. */
    internal abstract fun openWith(feature: Feature): DgramSocket

    /** An address to bind to that nobody has; its real form is the local address of who bound it. */
    internal abstract fun freshAddress(directory: Path): SocketAddress

    /** An address of another family. */
    internal abstract val foreignAddress: SocketAddress

    internal abstract fun newEventLoop(name: String): EventLoop

    /** What a child process calls this kind. */
    internal abstract val word: String

    /** Where a child process is that bound this kind to a [path], or was given a [port]. */
    internal abstract fun addressOf(path: Path, port: Int): SocketAddress
}

/** UDP over the loopback interface. */
class UdpSubject(provider: String) : DgramSubject(provider, SocketKind.UDP) {
    override fun open(wish: Wish): DgramSocket {
        val builder = Sockets.udp()
        wish.limit?.let(builder::limit)
        wish.sendBuffer?.let(builder::sendBufferSize)
        wish.receiveBuffer?.let(builder::receiveBufferSize)
        wish.loop?.let(builder::eventLoop)
        return builder.open()
    }

    override fun openWith(feature: Feature) = Sockets.udp().require(feature).open()

    override fun freshAddress(directory: Path) = InetSocketAddress(InetAddress.getLoopbackAddress(), 0)

    override val foreignAddress = UnixAddress.path("/nowhere")

    override fun newEventLoop(name: String): EventLoop = Sockets.udp().newEventLoop(name)

    override val word = "udp"

    override fun addressOf(path: Path, port: Int) = InetSocketAddress(InetAddress.getLoopbackAddress(), port)
}

/** Unix datagrams. */
class UnixDgramSubject(provider: String) : DgramSubject(provider, SocketKind.UNIX_DGRAM) {
    private var files = 0

    override fun open(wish: Wish): DgramSocket {
        val builder = Sockets.unixDgram()
        wish.limit?.let(builder::limit)
        wish.sendBuffer?.let(builder::sendBufferSize)
        wish.receiveBuffer?.let(builder::receiveBufferSize)
        wish.loop?.let(builder::eventLoop)
        return builder.open()
    }

    override fun openWith(feature: Feature) = Sockets.unixDgram().require(feature).open()

    override fun freshAddress(directory: Path): UnixAddress =
        UnixAddress.path(directory.resolve("s${files++}"))

    override val foreignAddress = InetSocketAddress(InetAddress.getLoopbackAddress(), 9)

    override fun newEventLoop(name: String): EventLoop = Sockets.unixDgram().newEventLoop(name)

    override val word = "unix"

    override fun addressOf(path: Path, port: Int) = UnixAddress.path(path)
}
