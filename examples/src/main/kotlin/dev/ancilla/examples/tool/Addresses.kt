package dev.ancilla.examples.tool

import dev.ancilla.UnixAddress
import java.net.Inet6Address
import java.net.InetSocketAddress
import java.net.SocketAddress

/**
 * Reads an address of the command line: `unix:/path`, `unix:@name`, `unix-stream:` and `unix-seqpacket:`
 * with the same, `udp:host:port`, or a bare path.
 *
 * @throws IllegalArgumentException if it is none
 */
internal fun addressOf(text: String): SocketAddress {
    val kind = text.substringBefore(':', "")
    val served = ServedAddress.Kind.of(kind)
    val rest = text.substringAfter(':')
    if (served != null) return ServedAddress(served, unixAddress("unix:$rest", text))
    if (kind != "udp") return unixAddress(text, text)
    return udpAddress(rest, text)
}

/** What is wrong with it is told of what was typed. */
private fun unixAddress(unix: String, text: String): UnixAddress = try {
    UnixAddress.parse(unix)
} catch (e: IllegalArgumentException) {
    val reason = e.message.orEmpty()
    throw if (text in reason) e else IllegalArgumentException("$reason: $text", e)
}

private fun udpAddress(hostAndPort: String, text: String): InetSocketAddress {
    val host = hostAndPort.substringBeforeLast(':', "")
    val port = hostAndPort.substringAfterLast(':').toIntOrNull()
    if (host.isEmpty() || port == null || port !in 0..65_535) {
        throw IllegalArgumentException("not udp:HOST:PORT: $text")
    }
    if (host == "*") return InetSocketAddress(port)
    if (host.contains(':') && !(host.startsWith("[") && host.endsWith("]"))) {
        throw IllegalArgumentException("an IPv6 address stands in brackets, as in udp:[::1]:9: $text")
    }
    return InetSocketAddress(host.removeSurrounding("[", "]"), port)
}

/** The address as [addressOf] reads it. */
internal fun SocketAddress.shown(): String {
    if (this !is InetSocketAddress) return toString()
    val ip = address ?: return "udp:$hostString:$port"
    val host = if (ip is Inet6Address) "[${ip.hostAddress}]" else ip.hostAddress
    return "udp:$host:$port"
}
