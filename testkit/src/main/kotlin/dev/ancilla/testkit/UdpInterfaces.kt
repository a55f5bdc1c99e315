package dev.ancilla.testkit

import dev.ancilla.Errno
import dev.ancilla.Feature
import dev.ancilla.IpFamily
import dev.ancilla.SocketOpException
import dev.ancilla.UdpSocket
import dev.ancilla.UnsupportedFeatureException
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.matchers.shouldBe
import java.net.InetSocketAddress

/** Through which interface multicast leaves, and how interfaces are named. */
internal fun ContractSpec.udpInterfaces() {
    scenario("O41 row102 row103 an interface is found by name, address and scope, and others are refused") {
        val name = LOOPBACK.name
        for (good in listOf(name, "127.0.0.1", "::1", "::%$name", "::%${LOOPBACK.index}", "ff02::1%$name")) {
            withClue(good) { UdpSocket.interfaceOf(good) shouldBe LOOPBACK }
        }
        val refused =
            mapOf(
                "junk" to Errno.ENODEV,
                "::%junk" to Errno.ENODEV,
                "::%9999" to Errno.ENODEV,
                "224.0.0.2" to Errno.EADDRNOTAVAIL,
                "1.1.1.1" to Errno.EADDRNOTAVAIL,
                "0.0.0.0" to Errno.EADDRNOTAVAIL,
                "::" to Errno.EADDRNOTAVAIL,
            )
        for ((bad, errno) in refused) {
            withClue(bad) {
                shouldThrow<SocketOpException> { UdpSocket.interfaceOf(bad) }.errno() shouldBe errno
            }
        }
        for (empty in listOf("", " ")) shouldThrow<IllegalArgumentException> { UdpSocket.interfaceOf(empty) }
    }

    inEveryStyle(
        "O41 multicast leaves by the interface that was set, and its members alone get it",
        missing = ::noNetwork,
    ) {
        val other = checkNotNull(network())
        val group = ip("239.255.7.6")
        val (here, there) = List(2) { udp { family(IpFamily.IPV4).reuseAddress() } }
        here.bind(InetSocketAddress(0))
        there.bind(InetSocketAddress(here.port))
        here.join(group, LOOPBACK)
        there.join(group, other)
        val target = InetSocketAddress(group, here.port)
        val speaker = udp(IPV4)
        speaker.multicastInterface() shouldBe null

        speaker.multicastInterface(LOOPBACK)
        speaker.multicastInterface() shouldBe LOOPBACK
        speaker.send("here", target)
        here.receiveText() shouldBe "here"
        there.expectNothing()
        speaker.multicastInterface(other)
        speaker.send("there", target)
        there.receiveText() shouldBe "there"
        here.expectNothing()
    }

    scenario("row103 the scope of a target goes before the interface that was set", missing = ::noNetwork6) {
        val through = checkNotNull(network6())
        val listener = udp(IPV6)
        listener.join(ip("ff02::4:2"), through)
        val speaker = udp(IPV6)
        speaker.multicastInterface(LOOPBACK)
        speaker.send("scoped", InetSocketAddress(ip("ff02::4:2%${through.name}"), listener.port))
        listener.receiveText() shouldBe "scoped"
    }

    scenario("O41 row102 the interface of multicast is the kernel's choice again, where the provider can") {
        val socket = udp(IPV4)
        socket.multicastInterface(LOOPBACK)
        if (Feature.MULTICAST_INTERFACE_RESET in features) {
            socket.resetMulticastInterface()
            socket.multicastInterface() shouldBe null
        } else {
            shouldThrow<UnsupportedFeatureException> { socket.resetMulticastInterface() }.feature() shouldBe
                Feature.MULTICAST_INTERFACE_RESET
            socket.multicastInterface() shouldBe LOOPBACK
        }
    }
}
