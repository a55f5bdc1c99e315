package dev.ancilla.examples.tool

import dev.ancilla.Datagram
import dev.ancilla.DgramSocket
import dev.ancilla.Errno
import dev.ancilla.Sockets
import dev.ancilla.UdpBuilder
import dev.ancilla.UnixAddress
import dev.ancilla.UnixDgramBuilder
import dev.ancilla.coroutines.receive
import kotlinx.coroutines.withTimeoutOrNull
import java.net.InetSocketAddress
import java.net.SocketAddress
import kotlin.time.Duration

/** Opens a socket of the kind that [address] is of; what only one kind has is set by [unix] or [udp]. */
internal fun openFor(
    address: SocketAddress,
    limit: Int? = null,
    udp: UdpBuilder.() -> Unit = {},
    unix: UnixDgramBuilder.() -> Unit,
): DgramSocket {
    if (address is UnixAddress) {
        val builder = Sockets.unixDgram().apply(unix)
        limit?.let(builder::limit)
        return builder.open()
    }
    if (address is InetSocketAddress && address.isUnresolved) {
        throw refused("resolve", Errno.UNKNOWN, address.shown(), "unknown host")
    }
    val builder = Sockets.udp().apply(udp)
    limit?.let(builder::limit)
    return builder.open()
}

/** Receives, or returns `null` when [timeout] passes first. */
internal suspend fun DgramSocket.receiveWithin(timeout: Duration?): Datagram? {
    if (timeout == null) return receive()
    // Kept here and not returned by the block: what it returns at the last moment would be dropped.
    var received: Datagram? = tryReceive()
    if (received == null) withTimeoutOrNull(timeout) { received = receive() }
    return received
}
