package dev.ancilla.testkit

import dev.ancilla.Errno
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.collections.shouldNotBeEmpty
import io.kotest.matchers.shouldBe
import java.net.InetSocketAddress
import java.nio.channels.ClosedChannelException

/** Joining multicast groups, and leaving them. */
internal fun ContractSpec.udpGroups() {
    val groups = listOf(Triple("IPv4", "239.255.7.1", IPV4), Triple("IPv6", "ff02::4:1", IPV6))
    for ((family, text, ask) in groups) {
        val missing = if (family == "IPv4") ({ null }) else ::noNetwork6
        inEveryStyle(
            "O38 row104 row106 a member of a group over $family gets its messages until it leaves",
            missing = missing,
        ) {
            val group = ip(text)
            // The loopback interface of Linux has no route to groups of IPv6.
            val through = if (family == "IPv4") LOOPBACK else checkNotNull(network6())
            val listener = udp(ask)
            val membership = listener.join(group, through)
            val speaker = udp(ask).also { it.multicastInterface(through) }
            val target = InetSocketAddress(group, listener.port)
            speaker.send("to the group", target)
            listener.receiveText() shouldBe "to the group"

            membership.group() shouldBe group
            membership.networkInterface() shouldBe through
            membership.source() shouldBe null
            membership.isValid shouldBe true
            membership.drop()
            membership.isValid shouldBe false
            speaker.send("to nobody", target)
            listener.expectNothing()
            shouldThrow<SocketOpException> { membership.drop() }.errno() shouldBe Errno.EADDRNOTAVAIL
            membership.close()
            listener.join(group, through)
            speaker.send("again", target)
            listener.receiveText() shouldBe "again"
        }

        scenario("O38 joining over $family twice, what is no group, and no interface, are refused") {
            val socket = udp(ask)
            val group = ip(text)
            socket.join(group, LOOPBACK)
            shouldThrow<SocketOpException> { socket.join(group, LOOPBACK) }.let {
                it.errno() shouldBe Errno.EADDRINUSE
                it.remoteAddress() shouldBe InetSocketAddress(group, 0)
            }
            for (unicast in listOf("127.0.0.1", "::1")) {
                shouldThrow<IllegalArgumentException> { socket.join(ip(unicast)) }
            }
            socket.close()
            shouldThrow<ClosedChannelException> { socket.join(group, LOOPBACK) }
        }
    }

    inEveryStyle("O39 row107 row108 a member for one source hears that source alone") {
        val group = ip("232.1.7.1")
        val source = ip("127.0.0.1")
        val listener = udp(IPV4)
        val membership = listener.join(group, LOOPBACK, source)
        val target = InetSocketAddress(group, listener.port)
        val wanted = udpBound(loopback(), IPV4).also { it.multicastInterface(LOOPBACK) }
        val other = udpBound(InetSocketAddress("127.0.0.2", 0), IPV4).also { it.multicastInterface(LOOPBACK) }
        other.send("unheard", target)
        wanted.send("heard", target)
        listener.receive().use {
            it.text() shouldBe "heard"
            it.sender() shouldBe wanted.localAddress()
        }
        membership.source() shouldBe source
        shouldThrow<SocketOpException> { listener.join(group, LOOPBACK, source) }.errno() shouldBe
            Errno.EADDRNOTAVAIL
        membership.drop()
        shouldThrow<SocketOpException> { membership.drop() }.errno() shouldBe Errno.EADDRNOTAVAIL
        wanted.send("left", target)
        listener.expectNothing()
    }

    scenario("O39 a group is joined for any source, or for some, and not for both") {
        val group = ip("232.1.7.3")
        val sources = listOf("127.0.0.1", "127.0.0.2").map(::ip)
        val socket = udp(IPV4)
        socket.join(group, LOOPBACK).use {
            shouldThrow<SocketOpException> { socket.join(group, LOOPBACK, sources[0]) }.errno() shouldBe
                Errno.EADDRNOTAVAIL
        }
        val some = sources.map { socket.join(group, LOOPBACK, it) }
        shouldThrow<SocketOpException> { socket.join(group, LOOPBACK) }.let {
            it.errno() shouldBe Errno.EADDRINUSE
            it.remoteAddress() shouldBe InetSocketAddress(group, 0)
        }
        some.forEach { it.drop() }
        socket.join(group, LOOPBACK).drop()
    }

    scenario("O39 what is no group, and what can be no source, is refused") {
        val socket = udp()
        val source = ip("127.0.0.1")
        for (bad in listOf("10.0.0.1", "0.0.0.0")) {
            shouldThrow<IllegalArgumentException> { socket.join(ip(bad), LOOPBACK, source) }
        }
        for (bad in listOf("::1", "239.1.1.1", "0.0.0.0")) {
            shouldThrow<IllegalArgumentException> { socket.join(ip("232.1.7.1"), LOOPBACK, ip(bad)) }
        }
    }

    for ((what, group, source) in listOf(
        Triple("any source", "224.0.0.114", null),
        Triple("one source", "232.1.1.1", "127.0.0.1"),
    )) {
        scenario("O40 three processes in a group for $what get each of four messages") {
            val port = freePort()
            val words = listOfNotNull("group", "$port", group, source).toTypedArray()
            val children = List(3) { keep(Child.start(*words)) }
            children.forEach { it.line() shouldBe "ready" }
            val speaker = udpBound(loopback(), IPV4)
            speaker.multicastInterface(LOOPBACK)
            speaker.multicastTtl(1)
            speaker.multicastLoopback(true)
            repeat(4) { speaker.send("message $it", InetSocketAddress(ip(group), port)) }
            for (child in children) {
                repeat(4) { child.line() shouldBe "message $it" }
                child.exit() shouldBe 0
            }
        }
    }

    scenario("row100 what is sent with the loopback off does not reach this machine's members") {
        val group = ip("239.255.7.2")
        val listener = udp(IPV4)
        listener.join(group, LOOPBACK)
        val speaker = udp(IPV4).also { it.multicastInterface(LOOPBACK) }
        val target = InetSocketAddress(group, listener.port)
        speaker.multicastLoopback(true)
        speaker.send("one", target)
        listener.receiveText() shouldBe "one"
        network()?.let { other ->
            val there = udp(IPV4)
            there.join(group, other)
            speaker.multicastInterface(other)
            speaker.multicastLoopback(false)
            speaker.send("two", InetSocketAddress(group, there.port))
            there.expectNothing()
        }
    }

    scenario(
        "a group is joined on the interface of the route, and on every interface",
        missing = ::noNetwork,
    ) {
        val group = ip("239.255.7.3")
        val socket = udp(IPV4)
        val all = socket.joinAll(group)
        all.shouldNotBeEmpty()
        all.map { it.networkInterface() }.contains(network()) shouldBe true
        all.forEach { it.isValid shouldBe true }
        // One of them is taken, so none is joined anew.
        all.drop(1).forEach { it.drop() }
        shouldThrow<SocketOpException> { socket.joinAll(group) }.errno() shouldBe Errno.EADDRINUSE
        all.first().drop()
        socket.joinAll(group).forEach { it.close() }
        socket.joinAll(ip("232.1.7.2"), ip("192.0.2.77")).shouldNotBeEmpty()

        val routed = socket.join(ip("239.255.7.4"))
        routed.networkInterface() shouldBe null
        routed.drop()
    }

    scenario("closing leaves the groups, and says of a membership that it is over") {
        val group = ip("239.255.7.5")
        val socket = Sockets.udp().bind(0)
        val membership = socket.join(group, LOOPBACK)
        socket.close()
        membership.isValid shouldBe false
        membership.close()
        shouldThrow<ClosedChannelException> { membership.drop() }
    }
}
