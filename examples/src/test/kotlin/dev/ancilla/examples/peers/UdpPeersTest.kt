package dev.ancilla.examples.peers

import dev.ancilla.IpFamily
import dev.ancilla.Message
import dev.ancilla.Sockets
import dev.ancilla.UdpSocket
import dev.ancilla.coroutines.receiveOrNull
import dev.ancilla.coroutines.send
import dev.ancilla.examples.tool.Program
import io.kotest.core.test.Enabled
import io.kotest.matchers.nulls.shouldNotBeNull
import io.kotest.matchers.shouldBe
import java.net.InetAddress
import java.net.InetSocketAddress

/** socat, Python and Node.js over UDP, both ways: to one address, to a group, and to everybody. */
internal class UdpPeersTest : PeerSpec({
    val group4 = Group("239.255.7.30", "127.0.0.1")
    val group6 = Group("ff02::7:30", network6()?.name.orEmpty())

    for (peer in UdpPeer.all) {
        for (host in listOf("127.0.0.1", "::1")) {
            test("$peer asks us at $host, and is answered").config(enabledOrReasonIf = { peer.needed }) {
                Sockets.udp().bind(InetSocketAddress(host, 0)).use { server ->
                    peer.ask(host, server.port, "grüße").use { asking ->
                        server.receiveOrNull(PATIENCE).shouldNotBeNull().use { question ->
                            question.text() shouldBe "grüße"
                            server.send(Message.of("to you").to(question.sender()))
                        }
                        asking.until("answer") { asking.out == "to you" }
                    }
                }
            }

            test("$peer at $host is asked, and answers").config(enabledOrReasonIf = { peer.needed }) {
                val address = InetSocketAddress(host, unusedPort())
                peer.answer(host, address.port).use { answering ->
                    answering.until("socket") { isBound(address.port) }
                    Sockets.udp().open().use { client ->
                        client.send("quietly", address)
                        client.receiveOrNull(PATIENCE).shouldNotBeNull().use { answer ->
                            answer.text() shouldBe "QUIETLY"
                            answer.sender() shouldBe address
                        }
                    }
                }
            }
        }

        for ((whom, group) in listOf(
            "a group of IPv4" to group4,
            "a group of IPv6" to group6,
            "everybody" to null,
        )) {
            val network = if (group?.isIpv6 == true) network6Needed() else Enabled.enabled
            val whether = { if (network.isEnabled) peer.needed else network }

            test("$peer tells $whom, and we hear it").config(enabledOrReasonIf = { whether() }) {
                hearing(group).use { listener ->
                    peer.tell(group, listener.port, "to all").use { it.status() shouldBe 0 }
                    listener.receiveText() shouldBe "to all"
                }
            }

            test("we tell $whom, and $peer hears it").config(enabledOrReasonIf = { whether() }) {
                val port = unusedPort()
                peer.hear(port, group).use { listener ->
                    telling(group).use { speaker ->
                        val target = InetSocketAddress(group?.address ?: UdpPeer.EVERYBODY, port)
                        // When it has joined only it knows, so it is told again.
                        listener.untilTold("to all") { speaker.trySend(Message.of("to all").to(target)) }
                    }
                }
            }
        }
    }
})

private val UdpSocket.port get() = localAddress().port

private fun hearing(group: Group?): UdpSocket {
    val socket = Sockets.udp().family(familyOf(group)).bind(0)
    if (group != null) socket.join(InetAddress.getByName(group.address), UdpSocket.interfaceOf(group.on))
    return socket
}

private fun telling(group: Group?): UdpSocket {
    val socket = Sockets.udp().family(familyOf(group)).open()
    if (group == null) socket.broadcast(true) else socket.multicastInterface(UdpSocket.interfaceOf(group.on))
    return socket
}

private fun familyOf(group: Group?) = if (group?.isIpv6 == true) IpFamily.IPV6 else IpFamily.IPV4

private fun Program.untilTold(text: String, tell: () -> Unit) {
    waitFor("what it was told") {
        tell()
        out == text
    }
}
