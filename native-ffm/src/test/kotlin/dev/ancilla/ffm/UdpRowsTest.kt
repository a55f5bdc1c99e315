package dev.ancilla.ffm

import dev.ancilla.Datagram
import dev.ancilla.Errno
import dev.ancilla.IpFamily
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.PacketInfo
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UdpBuilder
import dev.ancilla.UdpSocket
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.comparables.shouldBeLessThan
import io.kotest.matchers.nulls.shouldBeNull
import io.kotest.matchers.shouldBe
import java.net.InetAddress
import java.net.InetSocketAddress
import java.time.Duration
import java.time.Instant

private val PATIENCE = Duration.ofSeconds(20)
internal val FOUR: InetAddress = InetAddress.getByName("127.0.0.1")
internal val SIX: InetAddress = InetAddress.getByName("::1")

private fun udp(): UdpBuilder = Sockets.udp()

internal fun at(host: InetAddress, port: Int = 0) = InetSocketAddress(host, port)

internal fun UdpSocket.at(host: InetAddress) = InetSocketAddress(host, localAddress().port)

internal fun UdpSocket.receive(): Datagram = blocking().receive(PATIENCE)

internal fun UdpSocket.send(message: Message) = blocking().send(message, PATIENCE)

internal fun UdpSocket.receiveTexts(count: Int): List<String> = List(count) { receive().use { it.text() } }

/** What native-ffm's UDP has beyond the JDK's, and what it does in its own way. */
class UdpRowsTest :
    RowSpec({
        for (host in listOf(FOUR, SIX)) {
            row("a message to $host tells where it arrived, with which hop limit and class, and when") {
                udp().packetInfo().timestamps().bind(0).use { receiver ->
                    udp().open().use { sender ->
                        sender.ttl(33)
                        sender.trafficClass(0x2a)
                        sender.send(Message.of("x").to(receiver.at(host)))

                        receiver.receive().use {
                            val info = it.ancillary().packetInfo()!!
                            info.address() shouldBe host
                            info.interfaceIndex() shouldBe UdpSocket.interfaceOf("lo").index
                            info.hopLimit() shouldBe 33
                            info.trafficClass() shouldBe 0x2a
                            info.ecn() shouldBe 2
                            val age = Duration.between(it.ancillary().timestamp(), Instant.now()).abs()
                            age shouldBeLessThan PATIENCE
                        }
                        sender.ttl() shouldBe 33
                    }
                }
            }
        }

        row(
            "a message comes from the source that it says, alone and in a batch, and the next from the kernel's",
        ) {
            val other = InetAddress.getByName("127.0.0.77")
            udp().bind(at(FOUR)).use { receiver ->
                udp().family(IpFamily.IPV4).open().use { sender ->
                    val to = receiver.localAddress()
                    sender.send(Message.of("1").to(to).from(PacketInfo.of(other)))
                    sender.send(Message.of("2").to(to))
                    sender.newSendBatch(3, 64).use { batch ->
                        batch.add(Message.of("3").to(to))
                        batch.add(Message.of("4").to(to).from(PacketInfo.of(other)))
                        batch.add(Message.of("5").to(to).from(PacketInfo.of(UdpSocket.interfaceOf("lo"))))
                        sender.blocking().send(batch, PATIENCE)
                    }
                    List(5) { receiver.receive().use { (it.sender() as InetSocketAddress).address } } shouldBe
                        listOf(other, FOUR, FOUR, other, FOUR)
                }
            }
        }

        row("an IPv6 socket takes IPv4 too, unless it is for IPv6 alone, and then says whose fault it is") {
            udp().family(IpFamily.IPV6).ipv6Only().bind(0).use { six ->
                udp().family(IpFamily.IPV4).bind(six.localAddress().port).use { four ->
                    val refused =
                        listOf(
                            shouldThrow<SocketOpException> { six.send(Message.of("x").to(four.at(FOUR))) },
                            shouldThrow<SocketOpException> { four.send(Message.of("x").to(six.at(SIX))) },
                            shouldThrow<SocketOpException> { six.tryConnect(four.at(FOUR)) },
                            shouldThrow<SocketOpException> { six.join(InetAddress.getByName("239.1.2.3")) },
                            shouldThrow<SocketOpException> { four.join(InetAddress.getByName("ff15::1")) },
                        )
                    refused.map { it.errno() } shouldBe List(5) { Errno.EAFNOSUPPORT }
                    four.send(Message.of("four").to(four.at(FOUR)))
                    four.receiveTexts(1) shouldBe listOf("four")
                }
            }
        }

        row(
            "a connected socket refuses other targets, alone and in a batch, and keeps its port when it leaves",
        ) {
            udp().bind(at(FOUR)).use { peer ->
                udp().connect(peer.localAddress()).use { socket ->
                    val port = socket.localAddress().port
                    val alone =
                        shouldThrow<SocketOpException> { socket.send(Message.of("x").to(at(FOUR, 9))) }
                    alone.errno() shouldBe Errno.EISCONN
                    socket.newSendBatch(2, 64).use { batch ->
                        batch.add(Message.of("1"))
                        batch.add(Message.of("2").to(at(FOUR, 9)))
                        socket.trySend(batch) shouldBe 1
                        shouldThrow<SocketOpException> { socket.trySend(batch) }.errno() shouldBe
                            Errno.EISCONN
                    }
                    peer.receiveTexts(1) shouldBe listOf("1")

                    socket.disconnect()

                    socket.localAddress().port shouldBe port
                    socket.remoteAddress().shouldBeNull()
                    peer.send(Message.of("back").to(at(FOUR, port)))
                    socket.receiveTexts(1) shouldBe listOf("back")
                }
            }
        }

        row("the interface of multicast is told, and reset") {
            for (family in listOf(IpFamily.IPV4, IpFamily.IPV6)) {
                udp().family(family).open().use { socket ->
                    socket.multicastInterface().shouldBeNull()
                    socket.multicastInterface(UdpSocket.interfaceOf("lo"))
                    socket.multicastInterface() shouldBe UdpSocket.interfaceOf("lo")
                    socket.resetMulticastInterface()
                    socket.multicastInterface().shouldBeNull()
                }
            }
        }

        row("a socket hears a group while it is a member, and no group that another one joined") {
            val group = InetAddress.getByName("239.7.7.7")
            val loopback = UdpSocket.interfaceOf("lo")
            udp().bind(0).use { member ->
                udp().reuseAddress().open().use { stranger ->
                    udp().open().use { speaker ->
                        stranger.bind(at(InetAddress.getByName("0.0.0.0")))
                        speaker.multicastInterface(loopback)
                        val membership = member.join(group, loopback)
                        speaker.send(Message.of("to strangers").to(stranger.at(group)))
                        stranger.send(Message.of("own").to(stranger.at(FOUR)))
                        stranger.receiveTexts(1) shouldBe listOf("own")

                        speaker.send(Message.of("1").to(member.at(group)))
                        membership.drop()
                        speaker.send(Message.of("2").to(member.at(group)))
                        speaker.send(Message.of("3").to(member.at(FOUR)))
                        member.receiveTexts(2) shouldBe listOf("1", "3")

                        member.join(group, loopback, FOUR).use {
                            speaker.send(Message.of("4").to(member.at(group)))
                            member.receiveTexts(1) shouldBe listOf("4")
                        }
                    }
                }
            }
        }

        row("a disconnect that cannot have its port back leaves a socket that sends to anybody") {
            udp().bind(at(FOUR)).use { peer ->
                udp().connect(peer.localAddress()).use { socket ->
                    // Somebody else has taken the port where this socket does not listen while connected.
                    udp().bind(at(InetAddress.getByName("127.0.0.2"), socket.localAddress().port)).use {
                        shouldThrow<SocketOpException> { socket.disconnect() }.errno() shouldBe
                            Errno.EADDRINUSE

                        socket.remoteAddress() shouldBe null
                        socket.send(Message.of("to whom it may concern").to(peer.localAddress()))
                        peer.receiveTexts(1) shouldBe listOf("to whom it may concern")
                    }
                }
            }
        }

        row("what is no UDP socket is not adopted, and stays as it was") {
            OwnedFd.of(Sock.open(Abi.AF_UNIX, Sock.DGRAM, 0)).use { unix ->
                shouldThrow<SocketOpException> { udp().adopt(unix) }.errno() shouldBe Errno.EPROTOTYPE
                unix.isOpen shouldBe true
            }
        }
    })
