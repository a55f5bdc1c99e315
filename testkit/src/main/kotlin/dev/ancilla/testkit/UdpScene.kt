package dev.ancilla.testkit

import dev.ancilla.DgramSocket
import dev.ancilla.IpFamily
import dev.ancilla.Sockets
import dev.ancilla.UdpBuilder
import dev.ancilla.UdpSocket
import java.net.Inet4Address
import java.net.Inet6Address
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.NetworkInterface

/** The loopback address of IPv4, with [port]. */
internal fun loopback(port: Int = 0) = InetSocketAddress(InetAddress.getByName("127.0.0.1"), port)

/** The loopback address of IPv6, with [port]. */
internal fun loopback6(port: Int = 0) = InetSocketAddress(InetAddress.getByName("::1"), port)

/** A name that some resolver has to look up. */
internal fun named(host: String, port: Int): InetSocketAddress =
    InetSocketAddress.createUnresolved(host, port)

internal val UdpSocket.port: Int get() = localAddress().port

internal fun ip(text: String): InetAddress = InetAddress.getByName(text)

/** Opens a UDP socket that is not bound. */
internal fun Scene.udp(ask: UdpBuilder.() -> Unit = {}): UdpSocket = keep(Sockets.udp().apply(ask).open())

/** Binds a UDP socket on the loopback interface. */
internal fun Scene.udpBound(
    address: InetSocketAddress = loopback(),
    ask: UdpBuilder.() -> Unit = {},
): UdpSocket = udp(ask).also { it.bind(address) }

/** A port that nobody has at this moment. */
internal fun Scene.freePort(): Int = udpBound().use { it.port }

internal val IPV4: UdpBuilder.() -> Unit = { family(IpFamily.IPV4) }

internal val IPV6: UdpBuilder.() -> Unit = { family(IpFamily.IPV6) }

/** The interface on which this machine talks to itself. */
internal val LOOPBACK: NetworkInterface get() = UdpSocket.interfaceOf("127.0.0.1")

/** Another interface that is up and can multicast over IPv4, if there is one. */
internal fun network(): NetworkInterface? = networkWith { it is Inet4Address }

/** Another interface that is up and can multicast over IPv6, if there is one. */
internal fun network6(): NetworkInterface? = networkWith { it is Inet6Address }

private fun networkWith(address: (InetAddress) -> Boolean): NetworkInterface? = NetworkInterface
    .networkInterfaces()
    .toList()
    .firstOrNull {
        it.isUp && it.supportsMulticast() && !it.isLoopback &&
            it.inetAddresses().anyMatch(
                address,
            )
    }

internal fun noNetwork(): String? = "no other interface can multicast".takeIf { network() == null }

internal fun noNetwork6(): String? = "no other interface can multicast over IPv6".takeIf {
    network6() == null
}

/** Fails if a message comes within the time a test watches for what must not happen. */
internal fun DgramSocket.expectNothing() {
    Thread.sleep(WATCHING_MILLIS)
    tryReceive()?.use { throw AssertionError("it received $it") }
}
