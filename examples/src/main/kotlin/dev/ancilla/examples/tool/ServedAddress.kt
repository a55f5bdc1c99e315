package dev.ancilla.examples.tool

import dev.ancilla.UnixAddress
import java.net.SocketAddress

/** Where connections are accepted: on the command line the scheme, and what follows `unix:` elsewhere. */
internal data class ServedAddress(val kind: Kind, val unix: UnixAddress) : SocketAddress() {
    /** What goes over the connections. */
    enum class Kind(val scheme: String) {
        STREAM("unix-stream"),
        SEQPACKET("unix-seqpacket"),
        ;

        companion object {
            fun of(scheme: String): Kind? = entries.find { it.scheme == scheme }
        }
    }

    override fun toString() = "${kind.scheme}:" + unix.toString().removePrefix("unix:")
}

internal val SocketAddress.isStream: Boolean
    get() = this is ServedAddress && kind == ServedAddress.Kind.STREAM
