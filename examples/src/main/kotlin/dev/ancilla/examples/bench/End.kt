package dev.ancilla.examples.bench

import dev.ancilla.spi.SocketKind
import java.nio.file.Path

/** One of the two sockets of a contender, for one figure. It is bound when it exists. */
internal interface End : AutoCloseable {
    /** Where the other end finds it. */
    val where: String

    /** Connects it to the other end. */
    fun connect(where: String)

    /** Does what the figure counts, as long as [stopwatch] wants it, and sends the last message. */
    fun give(stopwatch: Stopwatch): Run

    /** Takes what the other end gives, to the last message. */
    fun take(): Run
}

/** Opens the end of a contender by the words that [Contender] has for it. */
internal fun endOf(provider: String, sockets: String, figure: Figure, path: Path): End {
    if (provider == Contender.PLAIN) {
        return if (sockets == SocketKind.UDP.name) JdkUdpEnd(figure) else JdkStreamEnd(figure, path)
    }
    // Asked at each opening; the contender's other sockets are closed by then.
    System.setProperty("ancilla.provider", provider)
    return when (SocketKind.valueOf(sockets)) {
        SocketKind.UNIX_DGRAM -> AncillaEnd.unixDgram(figure, path)
        SocketKind.UNIX_STREAM -> AncillaStreamEnd(figure, path)
        SocketKind.UDP -> AncillaEnd.udp(figure)
        SocketKind.UNIX_SEQPACKET -> error("no contender has $sockets")
    }
}
