package dev.ancilla.testkit

import dev.ancilla.Feature
import dev.ancilla.UdpSocket
import dev.ancilla.UnsupportedFeatureException
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.matchers.collections.shouldBeIn
import io.kotest.matchers.shouldBe
import java.io.File
import java.nio.channels.ClosedChannelException

/** Options that are numbers and flags, before and after binding, and after the end. */
internal fun ContractSpec.udpOptions() {
    for ((family, ask) in mapOf("IPv4" to IPV4, "IPv6" to IPV6)) {
        scenario("O36 row97 row98 row110 a TTL is within 1..255, over $family, where the provider has it") {
            val socket = udp(ask)
            for (bad in listOf(0, 256, -1, 1000, Int.MIN_VALUE)) {
                shouldThrow<IllegalArgumentException> { socket.ttl(bad) }
            }
            if (Feature.UNICAST_TTL in features) {
                for (good in listOf(1, 255, 64)) {
                    socket.ttl(good)
                    socket.ttl() shouldBe good
                }
            } else {
                for (call in listOf({ socket.ttl(64) }, { socket.ttl() })) {
                    shouldThrow<UnsupportedFeatureException> { call() }.feature() shouldBe Feature.UNICAST_TTL
                }
            }
        }

        scenario("O37 row99 row112 a multicast TTL is within 0..255 and 1 at first, over $family") {
            val socket = udp(ask)
            socket.multicastTtl() shouldBe 1
            for (good in listOf(0, 1, 255, 32)) {
                socket.multicastTtl(good)
                socket.multicastTtl() shouldBe good
            }
            for (bad in listOf(
                256,
                -1,
                1000,
            )) {
                shouldThrow<IllegalArgumentException> { socket.multicastTtl(bad) }
            }
            socket.multicastTtl() shouldBe 32
        }

        scenario("flags and the traffic class are what was said, over $family") {
            val socket = udp(ask)
            socket.multicastLoopback() shouldBe true
            socket.multicastLoopback(false)
            socket.multicastLoopback() shouldBe false
            for (bits in listOf(0x28, 0)) {
                socket.trafficClass(bits)
                socket.trafficClass() shouldBe bits
            }
            for (bad in listOf(-1, 256)) shouldThrow<IllegalArgumentException> { socket.trafficClass(bad) }
        }
    }

    scenario("O42 row6 row109 buffer sizes are bounded by the kernel, and at least 1, bound or not") {
        for (socket in listOf(udp(), udpBound())) {
            val before = socket.receiveBufferSize()
            for (bad in listOf(0, -1, Int.MIN_VALUE)) {
                shouldThrow<IllegalArgumentException> { socket.receiveBufferSize(bad) }
                shouldThrow<IllegalArgumentException> { socket.sendBufferSize(bad) }
            }
            socket.receiveBufferSize() shouldBe before
            socket.receiveBufferSize(10_000)
            socket.receiveBufferSize() shouldBeIn listOf(10_000, 20_000)
            socket.sendBufferSize(10_000)
            socket.sendBufferSize() shouldBeIn listOf(10_000, 20_000)
            // The least that Linux has is 2,304, of which the JDK tells half.
            socket.receiveBufferSize(1)
            socket.receiveBufferSize() shouldBeIn listOf(1_152, 2_304)
            socket.receiveBufferSize(Int.MAX_VALUE)
            val most = File("/proc/sys/net/core/rmem_max").readText().trim().toInt()
            socket.receiveBufferSize() shouldBeIn listOf(most, 2 * most)
        }
        val asked =
            udp {
                receiveBufferSize(10_000)
                sendBufferSize(10_000)
            }
        asked.receiveBufferSize() shouldBeIn listOf(10_000, 20_000)
        asked.sendBufferSize() shouldBeIn listOf(10_000, 20_000)
    }

    scenario("O43 row111 after close every member of UDP says closed") {
        val socket = udpBound().also(UdpSocket::close)
        val group = ip("239.255.7.1")
        val calls =
            mapOf<String, () -> Any?>(
                "join" to { socket.join(group) },
                "join on" to { socket.join(group, LOOPBACK) },
                "join from" to { socket.join(group, LOOPBACK, ip("127.0.0.1")) },
                "joinAll" to { socket.joinAll(group) },
                "joinAll from" to { socket.joinAll(group, ip("127.0.0.1")) },
                "multicastInterface" to { socket.multicastInterface() },
                "multicastInterface(i)" to { socket.multicastInterface(LOOPBACK) },
                "resetMulticastInterface" to { socket.resetMulticastInterface() },
                "multicastTtl" to { socket.multicastTtl() },
                "multicastTtl(n)" to { socket.multicastTtl(1) },
                "multicastLoopback" to { socket.multicastLoopback() },
                "multicastLoopback(on)" to { socket.multicastLoopback(true) },
                "ttl" to { socket.ttl() },
                "ttl(n)" to { socket.ttl(1) },
                "broadcast" to { socket.broadcast() },
                "broadcast(on)" to { socket.broadcast(true) },
                "trafficClass" to { socket.trafficClass() },
                "trafficClass(n)" to { socket.trafficClass(0) },
            )
        for ((name, call) in calls) withClue(name) { shouldThrow<ClosedChannelException> { call() } }
    }
}
