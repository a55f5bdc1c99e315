package dev.ancilla.examples.tool

import dev.ancilla.UnixAddress
import java.net.SocketAddress

/** Where a Unix stream is served, on the command line `unix-stream:` and what follows `unix:` elsewhere. */
internal data class StreamAddress(val unix: UnixAddress) : SocketAddress() {
    override fun toString() = "$SCHEME:" + unix.toString().removePrefix("unix:")

    companion object {
        const val SCHEME = "unix-stream"

        fun parse(text: String) = StreamAddress(UnixAddress.parse("unix:" + text.substringAfter(':')))
    }
}
