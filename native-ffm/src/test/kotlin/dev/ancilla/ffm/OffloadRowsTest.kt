package dev.ancilla.ffm

import dev.ancilla.IpFamily
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.ReceiveBatch
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UdpBuilder
import dev.ancilla.UdpSocket
import dev.ancilla.spi.DgramOptions
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.shouldBe
import java.net.Inet4Address
import java.net.Inet6Address
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.SocketAddress
import java.nio.ByteBuffer
import java.time.Duration
import kotlin.math.min

private val PATIENCE = Duration.ofSeconds(20)
private const val SO_NO_CHECK = 11
private const val IPV6_MTU = 24

private fun udp(): UdpBuilder = Sockets.udp()

/** A socket that is handed joined messages as they came, which tells what was joined. */
private class Uncut(host: InetAddress) : AutoCloseable {
    private val domain = if (host is Inet4Address) Abi.AF_INET else Abi.AF_INET6
    private val fd = Sock.open(domain, Sock.DGRAM, Abi.IPPROTO_UDP)
    private val ring = ReceiveRing(1, 2048, Beside(DgramOptions.DEFAULT, false, false, false, false, 0))
    private val overflows = Overflow.Pool()
    val address: InetSocketAddress

    init {
        Sock.setOption(fd, Abi.IPPROTO_UDP, Abi.UDP_GRO, 1)
        Sock.bind(fd, at(host), false) shouldBe 0
        address = Sock.localAddress(fd) as InetSocketAddress
    }

    fun texts(count: Int): List<String> = List(count) {
        until("a message is there") { ring.fill(fd, 1, overflows) > 0 }
        ring.take(0, 0, ring.size(0), Int.MAX_VALUE).use { it.text() }
    }

    override fun close() {
        ring.close()
        overflows.close()
        FfmFd.close(fd)
    }
}

private fun UdpSocket.sendBatch(messages: List<Message>) = newSendBatch(messages.size, 64).use { batch ->
    messages.forEach { batch.add(it) shouldBe true }
    blocking().send(batch, PATIENCE)
}

private fun List<String>.to(target: SocketAddress?) = map { Message.of(it).to(target) }

/** What arrives in batches of so many: text, and whether all came from this sender, uncut. */
private fun UdpSocket.receiveBatches(count: Int, capacity: Int, from: UdpSocket): List<String> =
    newReceiveBatch(capacity, 16).use { batch ->
        buildList {
            while (size < count) {
                repeat(blocking().receiveBatch(batch, PATIENCE)) {
                    batch.sender(it) shouldBe from.localAddress()
                    batch.truncated(it) shouldBe false
                    batch.size(it) shouldBe batch.payload(it).remaining()
                    add(Charsets.UTF_8.decode(batch.payload(it)).toString())
                }
            }
        }
    }

/** The texts of so many messages that a batch brings, each with its sender, size and packet info. */
private fun UdpSocket.fillUntil(batch: ReceiveBatch, count: Int, from: UdpSocket): List<String> = buildList {
    while (size < count) {
        repeat(blocking().receiveBatch(batch, PATIENCE)) {
            batch.sender(it) shouldBe from.localAddress()
            batch.truncated(it) shouldBe (batch.size(it) > batch.payload(it).remaining())
            batch.ancillary(it).packetInfo()!!.address() shouldBe FOUR
            add(Charsets.UTF_8.decode(batch.payload(it)).toString())
        }
    }
}

/** Messages of UDP that go through the kernel as one, out and in. */
class OffloadRowsTest :
    RowSpec({
        row("the messages of a batch of one size to one target go as one, and the last may be shorter") {
            Uncut(FOUR).use { receiver ->
                udp().connect(receiver.address).use { sender ->
                    sender.sendBatch((List(5) { "same$it" } + "end" + "longer than others").to(null))
                    receiver.texts(2) shouldBe listOf("same0same1same2same3same4end", "longer than others")

                    sender.sendBatch(List(70) { "x" }.to(null))
                    receiver.texts(2).map { it.length } shouldBe listOf(64, 6)
                }
            }
        }

        row("datagrams of one size that are added from one buffer go as one") {
            Uncut(FOUR).use { receiver ->
                udp().connect(receiver.address).use { sender ->
                    sender.newSendBatch(8, 64).use { batch ->
                        val text = "one:two:six:ten:end"
                        batch.add(ByteBuffer.wrap(text.toByteArray()), 4, null) shouldBe 5
                        sender.blocking().send(batch, PATIENCE)
                        receiver.texts(1) shouldBe listOf(text)
                    }
                }
            }
        }

        row("joined messages may lie in one place or in several") {
            Uncut(FOUR).use { receiver ->
                udp().connect(receiver.address).use { sender ->
                    sender.newSendBatch(8, 8).use { batch ->
                        // Of 9 bytes are those that lie elsewhere; of the ring's 9 slots of 8 some are left.
                        for (words in listOf("aaaaaaa", "bbbbbbbbb", "ccccc").map { word ->
                            List(8) { "$it$word" }
                        }) {
                            words.forEach { batch.add(Message.of(it)) shouldBe true }
                            sender.blocking().send(batch, PATIENCE)
                            receiver.texts(1) shouldBe listOf(words.joinToString(""))
                        }
                        val mixed = listOf("1long enough", "2long enough", "3short")
                        mixed.forEach { batch.add(Message.of(it)) shouldBe true }
                        sender.blocking().send(batch, PATIENCE)
                        receiver.texts(1) shouldBe listOf(mixed.joinToString(""))
                    }
                }
            }
        }

        row("messages to several targets, empty ones and uneven ones arrive each as they were sent") {
            udp().bind(at(FOUR)).use { left ->
                udp().bind(at(FOUR)).use { right ->
                    udp().open().use { sender ->
                        val words = listOf("a", "b", "", "cc", "cc", "c", "", "ddd", "ddd", "dddd", "e")
                        sender.sendBatch(words.to(left.localAddress()) + words.to(right.localAddress()))
                        left.receiveTexts(words.size) shouldBe words
                        right.receiveTexts(words.size) shouldBe words
                    }
                }
            }
        }

        row("targets that are equal but for their zones are not one target") {
            Uncut(SIX).use { receiver ->
                udp().open().use { sender ->
                    val zoned =
                        Inet6Address.getByAddress(
                            null,
                            SIX.address,
                            UdpSocket.interfaceOf("lo").index,
                        )
                    val other = InetSocketAddress(zoned, receiver.address.port)
                    sender.sendBatch(
                        listOf("1", "2").to(receiver.address) + listOf("3", "4").to(other),
                    )
                    receiver.texts(2) shouldBe listOf("12", "34")
                }
            }
        }

        row("where a path takes no joined messages they go one by one, from then on") {
            Uncut(FOUR).use { receiver ->
                udp().family(IpFamily.IPV4).open().use { sender ->
                    val fd = numberOf(sender)
                    // Without checksums the kernel refuses to cut (udp_send_skb of net/ipv4/udp.c).
                    Sock.setOption(fd, Abi.SOL_SOCKET, SO_NO_CHECK, 1)
                    repeat(2) {
                        sender.sendBatch(List(4) { "$it" }.to(receiver.address))
                        receiver.texts(4) shouldBe listOf("0", "1", "2", "3")
                        Sock.setOption(fd, Abi.SOL_SOCKET, SO_NO_CHECK, 0)
                    }
                }
            }
        }

        row("messages that are longer than a packet of the path go one by one, in fragments") {
            udp().bind(at(SIX)).use { receiver ->
                udp().family(IpFamily.IPV6).open().use { sender ->
                    Sock.setOption(numberOf(sender), Abi.IPPROTO_IPV6, IPV6_MTU, 1280)
                    val words = List(4) { "$it".repeat(1400) }
                    sender.sendBatch(words.to(receiver.localAddress()))
                    receiver.receiveTexts(4) shouldBe words
                }
            }
        }

        row("a refused message is told of its own target, and ends the joining of no other") {
            // From the loopback interface there is no way out of the machine: EINVAL or ENETUNREACH.
            val outside = InetSocketAddress(InetAddress.getByName("192.0.2.1"), 9)
            Uncut(FOUR).use { receiver ->
                udp().family(IpFamily.IPV4).bind(at(FOUR)).use { sender ->
                    sender.newSendBatch(6, 64).use { batch ->
                        for (target in listOf(receiver.address, outside, receiver.address)) {
                            repeat(2) { batch.add(Message.of("x").to(target)) }
                        }
                        sender.trySend(batch) shouldBe 2
                        repeat(2) {
                            val told = shouldThrow<SocketOpException> { sender.trySend(batch) }
                            told.remoteAddress() shouldBe outside
                            batch.removeFirst()
                        }
                        sender.trySend(batch) shouldBe 2
                    }
                    receiver.texts(2) shouldBe listOf("xx", "xx")
                }
            }
        }

        row("what comes joined is received as it was sent, in batches of any size and one by one") {
            udp().bind(at(FOUR)).use { receiver ->
                udp().family(IpFamily.IPV4).connect(receiver.localAddress()).use { sender ->
                    // More than a slot has room for, less than one, and with shorter last ones.
                    for (size in listOf(4, 100, 1000)) {
                        val words = List(40) { "%04d".format(it).padEnd(size, 'x') } + "end"
                        sender.sendBatch(words.to(null))
                        receiver.receiveBatches(41, 64, sender) shouldBe words
                        sender.sendBatch(words.to(null))
                        receiver.receiveBatches(41, 3, sender) shouldBe words
                        sender.sendBatch(words.to(null))
                        receiver.receiveTexts(20) shouldBe words.take(20)
                        receiver.receiveBatches(20, 20, sender) shouldBe words.drop(20).take(20)
                        receiver.receiveTexts(1) shouldBe listOf("end")
                    }
                }
            }
        }

        row("once messages come joined a batch takes whole packets, and the socket what it has no room for") {
            udp().packetInfo().limit(900).bind(at(FOUR)).use { receiver ->
                udp().family(IpFamily.IPV4).bind(at(FOUR)).use { sender ->
                    sender.tryConnect(receiver.localAddress())
                    // Room for three packets of 64 messages, for part of one, and by turns longer and shorter.
                    for (capacity in listOf(200, 10)) {
                        receiver.newReceiveBatch(capacity, 16).use { batch ->
                            for (size in listOf(1000, 1000, 8, 300, 8)) {
                                val words = List(170) { "%04d".format(it).padEnd(size, 'x') } + "end"
                                sender.sendBatch(words.to(null))
                                sender.sendBatch(listOf("alone".padEnd(5000, 'y')).to(null))
                                receiver.fillUntil(batch, words.size + 1, sender) shouldBe
                                    words.map { it.take(900) } + "alone".padEnd(900, 'y')
                            }
                            sender.sendBatch(List(70) { "late$it" }.to(null))
                            receiver.blocking().receiveBatch(batch, PATIENCE) shouldBe min(capacity, 70)
                        }
                        val rest = 70 - min(capacity, 70)
                        receiver.receiveTexts(rest) shouldBe List(70) { "late$it" }.takeLast(rest)
                    }
                }
            }
        }

        row("each of joined messages tells where it arrived, and is cut to the limit alone") {
            udp().packetInfo().limit(3).bind(at(FOUR)).use { receiver ->
                udp().connect(receiver.localAddress()).use { sender ->
                    sender.sendBatch(listOf("one11", "two22", "3").to(null))
                    for (expected in listOf("one", "two", "3")) {
                        receiver.receive().use {
                            it.text() shouldBe expected
                            it.truncated() shouldBe (expected != "3")
                            it.ancillary().packetInfo()!!.address() shouldBe FOUR
                        }
                    }
                }
            }
        }

        row("a socket that was asked for joined messages before it was adopted tells them apart too") {
            val fd = Sock.open(Abi.AF_INET, Sock.DGRAM, Abi.IPPROTO_UDP)
            Sock.setOption(fd, Abi.IPPROTO_UDP, Abi.UDP_GRO, 1)
            udp().prefetch(0).adopt(OwnedFd.of(fd)).use { receiver ->
                receiver.bind(at(FOUR))
                udp().family(IpFamily.IPV4).open().use { sender ->
                    sender.sendBatch(listOf("1", "2", "3").to(receiver.localAddress()))
                    receiver.receiveTexts(3) shouldBe listOf("1", "2", "3")
                }
            }
        }

        row(
            "a socket that takes nothing ahead, and one that was open before, are not asked for joined ones",
        ) {
            udp().prefetch(0).open().use { Offload.receivesJoined(numberOf(it)) shouldBe false }
            udp().adopt(OwnedFd.of(Sock.open(Abi.AF_INET, Sock.DGRAM, Abi.IPPROTO_UDP))).use {
                Offload.receivesJoined(numberOf(it)) shouldBe false
            }
            udp().family(IpFamily.IPV4).open().use { Offload.receivesJoined(numberOf(it)) shouldBe true }
        }
    })

/** The number of the descriptor of a socket that is bound, as the kernel lists them. */
private fun numberOf(socket: UdpSocket): Int {
    socket.bind(InetSocketAddress(0))
    return (0..1023).last {
        runCatching { Sock.localAddress(it) == socket.localAddress() }.getOrDefault(false)
    }
}
