package dev.ancilla.examples.tool

import dev.ancilla.DgramSocket
import dev.ancilla.Errno
import dev.ancilla.Sockets
import dev.ancilla.StreamSocket
import dev.ancilla.UdpBuilder
import dev.ancilla.UnixAddress
import dev.ancilla.UnixConnection
import dev.ancilla.UnixDgramBuilder
import dev.ancilla.UnixSeqpacketSocket
import dev.ancilla.coroutines.connect
import kotlinx.coroutines.withTimeoutOrNull
import java.net.InetSocketAddress
import java.net.SocketAddress
import kotlin.time.Duration

/**
 * Opens a socket of messages, of the kind that [address] is of; what only one kind has is set by [unix] or
 * [udp].
 */
internal fun openFor(
    address: SocketAddress,
    maxDescriptors: Int = 0,
    limit: Int? = null,
    udp: UdpBuilder.() -> Unit = {},
    unix: UnixDgramBuilder.() -> Unit = {},
): DgramSocket {
    if (address is ServedAddress) return Sockets.unixSeqpacket().maxDescriptors(maxDescriptors).open()
    if (address is UnixAddress) {
        val builder = Sockets.unixDgram().maxDescriptors(maxDescriptors).apply(unix)
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

/** Connects to a server, and waits no longer than [timeout] while its backlog is full. */
internal suspend fun UnixConnection.connectTo(address: ServedAddress, timeout: Duration?) {
    within(timeout, { if (tryConnect(address.unix)) true else null }) {
        when (this) {
            is StreamSocket -> connect(address.unix)
            is UnixSeqpacketSocket -> connect(address.unix)
        }
        true
    } ?: throw Ending(Status.TOO_FEW, "connect ${address.shown()}: nobody accepted for $timeout")
}

/** Waits for what [call] brings, if [attempt] has not got it at once; `null` when [timeout] passes first. */
internal suspend fun <T : Any> within(timeout: Duration?, attempt: () -> T?, call: suspend () -> T): T? {
    if (timeout == null) return call()
    // Kept here and not returned by the block: what it returns at the last moment would be dropped.
    var came: T? = attempt()
    if (came == null) withTimeoutOrNull(timeout) { came = call() }
    return came
}
