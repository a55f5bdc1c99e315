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
    if (served != null) return ServedAddress(served, UnixAddress.parse("unix:" + text.substringAfter(':')))
    if (kind != "udp") return UnixAddress.parse(text)
    return udpAddress(text.substringAfter(':'), text)
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
