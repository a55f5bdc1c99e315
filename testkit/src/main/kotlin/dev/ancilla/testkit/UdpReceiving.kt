package dev.ancilla.testkit

import dev.ancilla.DgramSocket
import dev.ancilla.Feature
import dev.ancilla.Message
import dev.ancilla.PacketInfo
import dev.ancilla.Sockets
import dev.ancilla.UnsupportedFeatureException
import dev.ancilla.coroutines.receive
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.longs.shouldBeLessThan
import io.kotest.matchers.shouldBe
import io.kotest.matchers.types.shouldBeInstanceOf
import kotlinx.coroutines.CoroutineName
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.withContext
import java.net.Inet4Address
import java.net.Inet6Address
import java.net.InetSocketAddress
import java.net.NetworkInterface
import java.time.Duration
import java.time.Instant

/** What a received message tells: its sender, how long it was, and where it arrived. */
internal fun ContractSpec.udpReceiving() {
    for ((family, address) in mapOf("IPv4" to loopback(), "IPv6" to loopback6())) {
        inEveryStyle("row85 row87 a message tells its sender and its size, over $family") {
            val receiver = udpBound(address)
            val sender = udpBound(address)
            sender.send(Message.of(ByteArray(300)).to(receiver.localAddress()))
            receiver.receive().use {
                it.sender() shouldBe sender.localAddress()
                it.size() shouldBe 300
                it.truncated() shouldBe false
            }
        }
    }

    scenario("a thread waits also where there is no descriptor for a wait of its own") {
        val child = keep(Child.start("wait"))
        child.line() shouldBe "ready"
        child.line() shouldBe "came"
        child.exit() shouldBe 0
    }

    inEveryStyle("row88 a link-local sender has its zone, and can be answered", missing = ::noLinkLocal) {
        val (interfaceOfIt, address) = checkNotNull(linkLocal())
        val receiver = udpBound(InetSocketAddress(address, 0), IPV6)
        val sender = udpBound(InetSocketAddress(address, 0), IPV6)
        sender.send("question", receiver.localAddress())
        receiver.receive().use {
            val from = (it.sender() as InetSocketAddress).address.shouldBeInstanceOf<Inet6Address>()
            from.scopeId shouldBe interfaceOfIt.index
            receiver.send("answer", it.sender())
        }
        sender.receiveText() shouldBe "answer"
    }

    inEveryStyle("row89 a sender over IPv4 is an IPv4 address at an IPv6 socket too, and can be answered") {
        val receiver = udp(IPV6).also { it.bind(InetSocketAddress(0)) }
        val sender = udpBound(loopback(), IPV4)
        sender.send("question", loopback(receiver.port))
        receiver.receive().use {
            (it.sender() as InetSocketAddress).address.shouldBeInstanceOf<Inet4Address>()
            it.sender() shouldBe sender.localAddress()
            receiver.send("answer", it.sender())
        }
        sender.receiveText() shouldBe "answer"
    }

    scenario("row14 who receives in a coroutine has its context") {
        val receiver = udpBound()
        val told =
            playing {
                withContext(CoroutineName("mine")) {
                    Async.send(receiver, Message.of("hello").to(receiver.localAddress()))
                    (receiver as DgramSocket).receive().close()
                    currentCoroutineContext()[CoroutineName]?.name
                }
            }
        told shouldBe "mine"
    }

    scenario("where a message arrived is asked for by name") {
        if (Feature.PACKET_INFO !in features) {
            shouldThrow<UnsupportedFeatureException> { Sockets.udp().packetInfo().open() }.feature() shouldBe
                Feature.PACKET_INFO
            val message = Message.of("from").to(loopback(9)).from(PacketInfo.of(ip("127.0.0.1")))
            val socket = udp()
            shouldThrow<UnsupportedFeatureException> { socket.trySend(message) }
            for (style in Style.sending) {
                shouldThrow<UnsupportedFeatureException> { style.send(socket, message).await() }
            }
            shouldThrow<UnsupportedFeatureException> { socket.newSendBatch(1).use { it.add(message) } }
            socket.queuedSends() shouldBe 0
        }
        if (Feature.TIMESTAMPS !in features) {
            shouldThrow<UnsupportedFeatureException> { Sockets.udp().timestamps().open() }
        }
        val plain = udpBound()
        plain.send("nothing was asked for", plain.localAddress())
        plain.receive().use {
            it.ancillary().packetInfo() shouldBe null
            it.ancillary().timestamp() shouldBe null
        }
    }

    if (Feature.PACKET_INFO in features) {
        for ((family, address) in mapOf("IPv4" to loopback(), "IPv6" to loopback6())) {
            inEveryStyle("a message tells to which address it was sent, and how, over $family") {
                val receiver = udp { packetInfo() }.also { it.bind(InetSocketAddress(0)) }
                val sender = udpBound(address)
                sender.ttl(37)
                sender.trafficClass(0x2A)
                sender.send("where", InetSocketAddress(address.address, receiver.port))
                receiver.receive().use {
                    val info = checkNotNull(it.ancillary().packetInfo())
                    info.address() shouldBe address.address
                    info.interfaceIndex() shouldBe LOOPBACK.index
                    info.hopLimit() shouldBe 37
                    info.trafficClass() shouldBe 0x2A
                    info.ecn() shouldBe 2
                }
            }

            inEveryStyle("a message goes out from the address and the interface it is told, over $family") {
                val receiver = udpBound(address)
                val sender = udp { packetInfo() }.also { it.bind(InetSocketAddress(0)) }
                val other = if (address.address is Inet4Address) ip("127.0.0.2") else address.address
                for (source in listOf(PacketInfo.of(other), PacketInfo.of(LOOPBACK))) {
                    sender.send(Message.of("from").to(receiver.localAddress()).from(source))
                    receiver.receive().use {
                        val expected = source.address() ?: address.address
                        it.sender() shouldBe InetSocketAddress(expected, sender.port)
                    }
                }
            }
        }

        inEveryStyle("an answer comes from the address to which the question went") {
            val server = udp { packetInfo() }.also { it.bind(InetSocketAddress(0)) }
            val client = udpBound()
            client.connect(InetSocketAddress("127.0.0.3", server.port))
            client.send("question")
            server.receive().use {
                server.send(Message.of("answer").to(it.sender()).from(it.ancillary().packetInfo()))
            }
            client.receiveText() shouldBe "answer"
        }

        inEveryStyle("each message of a batch has its source and tells where it arrived", Style.batching) {
            val receiver = udp { packetInfo() }.also { it.bind(InetSocketAddress(0)) }
            val sender = udp { packetInfo() }.also { it.bind(InetSocketAddress(0)) }
            sender.newSendBatch(4).use { batch ->
                for (n in 1..4) {
                    val to = InetSocketAddress("127.0.0.$n", receiver.port)
                    batch.add(Message.of("$n").to(to).from(PacketInfo.of(ip("127.0.1.$n"))))
                }
                sender.sendBatch(batch)
            }
            receiver.newReceiveBatch(4).use { batch ->
                var n = 0
                while (n < 4) {
                    repeat(receiver.receiveBatch(batch)) {
                        n++
                        batch.sender(it) shouldBe InetSocketAddress("127.0.1.$n", sender.port)
                        batch.ancillary(it).packetInfo()?.address() shouldBe ip("127.0.0.$n")
                    }
                }
            }
        }
    }

    if (Feature.TIMESTAMPS in features) {
        inEveryStyle("a message of UDP tells when the kernel took it") {
            val receiver = udpBound { timestamps() }
            val before = Instant.now()
            udp().send("when", receiver.localAddress())
            receiver.receive().use {
                val told = checkNotNull(it.ancillary().timestamp())
                Duration.between(before, told).abs().toMillis() shouldBeLessThan 5_000
            }
        }
    }
}

private fun linkLocal(): Pair<NetworkInterface, Inet6Address>? = NetworkInterface
    .networkInterfaces()
    .toList()
    .filter { it.isUp && !it.isLoopback }
    .firstNotNullOfOrNull { each ->
        each.inetAddresses
            .toList()
            .filterIsInstance<Inet6Address>()
            .firstOrNull { it.isLinkLocalAddress }
            ?.let {
                each to it
            }
    }

private fun noLinkLocal(): String? = if (linkLocal() ==
    null
) {
    "no interface has a link-local address"
} else {
    null
}
