package dev.ancilla.examples.tool

import com.github.ajalt.clikt.core.Context

/** `ancilla` itself: a socat that understands datagrams, streams and descriptors. */
internal class Ancilla : ToolCommand("ancilla") {
    override fun help(context: Context) =
        "Sends and receives datagrams and streams, with descriptors beside them."

    override fun helpEpilog(context: Context) =
        """
        Addresses: unix:/path, unix:@name (abstract; \0 and \xHH are bytes of it), unix-stream: and
        unix-seqpacket: with the same, udp:host:port, udp:[::1]:port, udp:*:port. A bare path means unix:.

        Exit status: 0 done; 1 nothing arrived within --timeout, or fewer than --count; 2 bad usage;
        3 the operation failed.
        """.trimIndent()

    override suspend fun run() = Unit
}
