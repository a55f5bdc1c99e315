package dev.ancilla.examples.tool

import dev.ancilla.DgramSocket
import dev.ancilla.Errno
import dev.ancilla.Server
import dev.ancilla.Sockets
import dev.ancilla.StreamSocket
import dev.ancilla.UdpBuilder
import dev.ancilla.UnixAddress
import dev.ancilla.UnixDgramBuilder
import dev.ancilla.UnixServerBuilder
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

/** Opens a server of streams at an address. */
internal fun listenAt(
    address: StreamAddress,
    configure: UnixServerBuilder<StreamSocket>.() -> Unit,
): Server<StreamSocket> = Sockets.unixServer().apply(configure).listen(address.unix)

/** Waits for what [call] brings, if [attempt] has not got it at once; `null` when [timeout] passes first. */
internal suspend fun <T : Any> within(timeout: Duration?, attempt: () -> T?, call: suspend () -> T): T? {
    if (timeout == null) return call()
    // Kept here and not returned by the block: what it returns at the last moment would be dropped.
    var came: T? = attempt()
    if (came == null) withTimeoutOrNull(timeout) { came = call() }
    return came
}
