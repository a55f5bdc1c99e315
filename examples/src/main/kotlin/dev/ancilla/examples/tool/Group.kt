package dev.ancilla.examples.tool

import dev.ancilla.UdpSocket
import java.net.InetAddress
import java.net.UnknownHostException

/** A multicast group, on the interface that is named or has the address that is named, if one is. */
internal data class Group(val address: InetAddress, val on: String?) {
    fun join(socket: UdpSocket) {
        if (on == null) socket.join(address) else socket.join(address, UdpSocket.interfaceOf(on))
    }

    override fun toString() = address.hostAddress + if (on == null) "" else "@$on"
}

/**
 * Reads `GROUP` or `GROUP@INTERFACE`.
 *
 * @throws IllegalArgumentException if it is neither
 */
internal fun groupOf(text: String): Group {
    val name = text.substringBefore('@')
    val on = if ('@' in text) text.substringAfter('@') else null
    // No name begins with a digit or has a colon that would be looked up here.
    val literal = name.contains(':') || name.firstOrNull()?.isDigit() == true
    val address =
        try {
            if (literal) InetAddress.getByName(name) else null
        } catch (_: UnknownHostException) {
            null
        }
    require(address != null && address.isMulticastAddress && on?.isBlank() != true) {
        "not GROUP or GROUP@INTERFACE, with the address of a multicast group: $text"
    }
    return Group(address, on)
}
