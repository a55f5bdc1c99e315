package dev.ancilla.testkit

import dev.ancilla.DgramSocket
import dev.ancilla.Errno
import dev.ancilla.Feature
import dev.ancilla.IpFamily
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UdpSocket
import dev.ancilla.UnsupportedFeatureException
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.matchers.collections.shouldBeIn
import io.kotest.matchers.collections.shouldHaveSize
import io.kotest.matchers.ints.shouldBeInRange
import io.kotest.matchers.shouldBe
import io.kotest.matchers.types.shouldBeInstanceOf
import java.net.InetSocketAddress
import java.nio.ByteBuffer
import java.nio.channels.AlreadyBoundException
import java.nio.channels.ClosedChannelException
import java.util.concurrent.ExecutionException

/** Opening a UDP socket of a family, and giving it an address. */
internal fun ContractSpec.udpBinding() {
    scenario(
        "O01 row2 row3 row12 a socket of each family has one descriptor from opening, and a wrong wish none",
    ) {
        startLoopOf(udp())
        for (family in IpFamily.values()) {
            val before = Census.take()
            val socket = udp { family(family) }
            socket.shouldBeInstanceOf<UdpSocket>()
            Census.take().since(before).values.filter { it.startsWith("socket:") } shouldHaveSize 1
        }
        val before = Census.take()
        shouldThrow<IllegalArgumentException> { Sockets.udp().family(IpFamily.IPV4).ipv6Only() }
        shouldThrow<IllegalArgumentException> { Sockets.udp().ipv6Only().family(IpFamily.IPV4) }
        before.expectUnchanged()
    }

    scenario("O02 row20 row22 row23 row26 row36 row94 a socket is addressable once bind has returned") {
        val wildcards = mapOf(IpFamily.IPV4 to "0.0.0.0", IpFamily.IPV6 to "::")
        for ((family, wildcard) in wildcards) {
            val socket = udp { family(family) }
            socket.localAddress().port shouldBe 0
            socket.bind(InetSocketAddress(0))
            socket.localAddress().address shouldBe ip(wildcard)
            socket.port shouldBeInRange 1..65_535
            // The wildcard of the other family means the same.
            udp { family(family) }.use {
                it.bind(InetSocketAddress(wildcards.values.first { other -> other != wildcard }, 0))
                it.localAddress().address shouldBe ip(wildcard)
            }
        }
        udpBound(loopback(), IPV4).localAddress().address shouldBe ip("127.0.0.1")
        udpBound(loopback6(), IPV6).localAddress().address shouldBe ip("::1")
        val given = freePort()
        keep(Sockets.udp().bind(given)).port shouldBe given
    }

    scenario("O05 row28 a port that is taken is refused each time, and then the socket is bound elsewhere") {
        val holder = udpBound()
        val socket = udp()
        val before = Census.take()
        repeat(20) {
            val refusal = shouldThrow<SocketOpException> { socket.bind(holder.localAddress()) }
            refusal.errno() shouldBe Errno.EADDRINUSE
            refusal.localAddress() shouldBe holder.localAddress()
        }
        before.expectUnchanged()
        socket.port shouldBe 0
        socket.bind(loopback())
        socket.port shouldBeInRange 1..65_535
    }

    scenario("O06 row33 an address of another machine is refused, and the error has it") {
        for (address in listOf("1.1.1.1", "111::1")) {
            val wanted = InetSocketAddress(address, 0)
            val refusal = shouldThrow<SocketOpException> { Sockets.udp().bind(wanted) }
            refusal.errno() shouldBeIn listOf(Errno.EADDRNOTAVAIL, Errno.EAFNOSUPPORT)
            refusal.operation() shouldBe "bind"
            refusal.localAddress() shouldBe wanted
            refusal.message shouldBe "bind ${refusal.errno()} $wanted: ${refusal.text()}"
        }
    }

    scenario("O07 row34 a port outside 0..65535 is refused before any system call") {
        val before = Census.take()
        for (port in listOf(-1, 65_536, 70_000)) {
            shouldThrow<IllegalArgumentException> { Sockets.udp().bind(port) }
            shouldThrow<IllegalArgumentException> { InetSocketAddress("127.0.0.1", port) }
        }
        before.expectUnchanged()
    }

    scenario("O08 a bind that fails says so to its caller, though nobody listens for errors") {
        val taken = udpBound().localAddress()
        shouldThrow<SocketOpException> { udp().bind(taken) }.errno() shouldBe Errno.EADDRINUSE
        shouldThrow<SocketOpException> { udp().blocking().bind(taken, null) }.errno() shouldBe
            Errno.EADDRINUSE
        shouldThrow<ExecutionException> { udp().async().bind(taken).get() }
            .cause
            .shouldBeInstanceOf<SocketOpException>()
            .errno() shouldBe Errno.EADDRINUSE
    }

    scenario("row29 binding a closed socket says that it is closed") {
        val socket = udp().also(DgramSocket::close)
        shouldThrow<ClosedChannelException> { socket.bind(loopback()) }
        shouldThrow<ClosedChannelException> { socket.blocking().bind(loopback(), null) }
        shouldThrow<ExecutionException> { socket.async().bind(loopback()).get() }
            .cause
            .shouldBeInstanceOf<ClosedChannelException>()
    }

    inEveryStyle("row21 a call that waits on a socket without an address gets what comes once it has one") {
        val socket = udp()
        val waiting = style.receive(socket)
        waiting.expectWaiting()

        socket.bind(loopback())
        udp().send("found you", socket.localAddress())

        waiting.await().use { it.text() shouldBe "found you" }
    }

    inEveryStyle("O15 row30 sends on a socket without an address bind it to an unused port, whole") {
        val receiver = udpBound()
        val socket = udp()
        socket.send("first", receiver.localAddress())
        socket.send("second", receiver.localAddress())

        receiver.receive().use {
            it.text() shouldBe "first"
            it.sender() shouldBe loopback(socket.port)
        }
        receiver.receiveText() shouldBe "second"
        shouldThrow<AlreadyBoundException> { socket.bind(loopback()) }
        receiver.send("answer", loopback(socket.port))
        socket.receiveText() shouldBe "answer"
    }

    inEveryStyle("row31 joining a group binds a socket, which receives and cannot be bound again") {
        val socket = udp(IPV4)
        socket.join(ip("239.255.7.1"), LOOPBACK)
        socket.port shouldBeInRange 1..65_535
        shouldThrow<AlreadyBoundException> { socket.bind(loopback()) }
        udp().send("found", loopback(socket.port))
        socket.receiveText() shouldBe "found"
    }

    scenario("O11 row5 an IPv6 socket takes the IPv4 port too, unless it is for IPv6 only") {
        val both = udp(IPV6).also { it.bind(InetSocketAddress(0)) }
        val taken = InetSocketAddress("0.0.0.0", both.port)
        shouldThrow<SocketOpException> { udp(IPV4).bind(taken) }.errno() shouldBe Errno.EADDRINUSE

        if (Feature.IPV6_ONLY in features) {
            val only = udp { ipv6Only() }.also { it.bind(InetSocketAddress(0)) }
            udp(IPV4).bind(InetSocketAddress("0.0.0.0", only.port))
            shouldThrow<SocketOpException> { only.trySend(ByteBuffer.allocate(1), loopback(9)) }
                .errno() shouldBe Errno.EAFNOSUPPORT
        } else {
            shouldThrow<UnsupportedFeatureException> { Sockets.udp().ipv6Only().open() }.feature() shouldBe
                Feature.IPV6_ONLY
        }
    }

    scenario("an address of the other family is refused by name") {
        for (refused in listOf<(UdpSocket) -> Unit>(
            { it.bind(loopback6()) },
            { it.tryConnect(loopback6(9)) },
            { it.trySend(ByteBuffer.allocate(1), loopback6(9)) },
            { it.join(ip("ff02::7:1"), LOOPBACK) },
        )) {
            val socket = udp(IPV4)
            withClue(refused) {
                shouldThrow<SocketOpException> { refused(socket) }.errno() shouldBe Errno.EAFNOSUPPORT
            }
        }
    }
}
