package dev.ancilla.testkit

import dev.ancilla.Datagram
import dev.ancilla.DgramListener
import dev.ancilla.DgramSocket
import dev.ancilla.Errno
import dev.ancilla.Message
import dev.ancilla.SocketOpException
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.collections.shouldBeStrictlyIncreasing
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldStartWith
import java.net.InetSocketAddress
import java.util.concurrent.CompletableFuture
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.atomic.AtomicInteger

/** Where messages go, how large they may be, and what is refused. */
internal fun ContractSpec.udpSending() {
    scenario("O14 three pairs play 500 rounds each, side by side, and each send ends once") {
        val ends = AtomicInteger()
        val games =
            List(3) {
                val server = udpBound()
                val client = udpBound()
                server.listen { socket, ball ->
                    socket.async().send(Message.of(ball.text() + "!").to(ball.sender()))
                }
                val over = CompletableFuture<Int>()
                client.listen { socket, ball ->
                    val round = ball.text().removeSuffix("!").toInt()
                    if (round == 500) over.complete(round) else serve(socket, server.port, round + 1, ends)
                }
                serve(client, server.port, 1, ends)
                over
            }
        games.forEach { it.join("the game") shouldBe 500 }
        until("each send has ended") { ends.get() == 1500 }
    }

    inEveryStyle("O22 row66 a target has a port within 1..65535") {
        val socket = udpBound()
        for (port in listOf(1, 65_535)) socket.send("accepted", loopback(port))
        for (refused in listOf(loopback(0), named("localhost", 0))) {
            shouldThrow<IllegalArgumentException> { socket.send("refused", refused) }
        }
        for (port in listOf(-1, 65_536)) {
            shouldThrow<IllegalArgumentException> { InetSocketAddress("127.0.0.1", port) }
        }
        socket.queuedSends() shouldBe 0
    }

    inEveryStyle("O24 row70 row72 a message that is too large fails its own call and names its target") {
        val socket = udpBound()
        val errors = ConcurrentLinkedQueue<Throwable>()
        val listener = Errors(errors)
        socket.listen(listener).use {
            val target = loopback(12_345)
            val refusal =
                shouldThrow<SocketOpException> { socket.send(Message.of(ByteArray(256 * 1024)).to(target)) }
            refusal.errno() shouldBe Errno.EMSGSIZE
            refusal.operation() shouldBe "send"
            refusal.remoteAddress() shouldBe target
            checkNotNull(refusal.message) shouldStartWith "send EMSGSIZE $target: Message too long"
            socket.queuedSends() shouldBe 0
        }
        errors.isEmpty() shouldBe true
    }

    val edges =
        listOf("IPv4" to Triple(loopback(), IPV4, 65_507), "IPv6" to Triple(loopback6(), IPV6, 65_527))
    for ((family, edge) in edges) {
        inEveryStyle(
            "row75 row86 the largest message over $family arrives whole, and one byte more is refused",
        ) {
            val (address, ask, largest) = edge
            val receiver =
                udpBound(address) {
                    ask()
                    receiveBufferSize(400_000)
                }
            val sender =
                udp {
                    ask()
                    sendBufferSize(200_000)
                }
            val payload = ByteArray(65_535) { (it * 31).toByte() }
            for (size in listOf(65_506, 65_507, 65_508, largest).filter { it <= largest }.distinct()) {
                sender.send(Message.of(payload, 0, size).to(receiver.localAddress()))
                receiver.receive().use {
                    it.size() shouldBe size
                    it.truncated() shouldBe false
                    it.bytes() shouldBe payload.copyOf(size)
                }
            }
            for (size in setOf(largest + 1, 65_535)) {
                val message = Message.of(payload, 0, size).to(receiver.localAddress())
                shouldThrow<SocketOpException> { sender.send(message) }.errno() shouldBe Errno.EMSGSIZE
            }
            sender.send("still usable", receiver.localAddress())
            receiver.receiveText() shouldBe "still usable"
        }
    }

    inEveryStyle("O30 row76 row81 broadcast needs leave, and IPv6 addresses an IPv6 socket") {
        val socket = udp(IPV4)
        val everybody = InetSocketAddress("255.255.255.255", 9)
        socket.broadcast() shouldBe false
        shouldThrow<SocketOpException> { socket.send("all", everybody) }.errno() shouldBe Errno.EACCES
        socket.broadcast(true)
        socket.send("all", everybody)
        shouldThrow<SocketOpException> { socket.send("v6", loopback6(9)) }.errno() shouldBe
            Errno.EAFNOSUPPORT
    }

    scenario("row101 a broadcast reaches who is bound to all addresses") {
        val receiver = udp(IPV4).also { it.bind(InetSocketAddress(0)) }
        val sender = udp(IPV4).also { it.broadcast(true) }
        sender.broadcast() shouldBe true
        // The directed broadcast of the loopback network, which needs no other interface.
        sender.send("all", InetSocketAddress("127.255.255.255", receiver.port))
        receiver.receiveText() shouldBe "all"
        sender.broadcast(false)
        sender.broadcast() shouldBe false
    }

    inEveryStyle("O29 row78 a thousand messages to one target keep their order") {
        val receiver = udpBound { receiveBufferSize(1_000_000) }
        val sender = udp { sendBufferSize(5_000) }
        val got = ConcurrentLinkedQueue<Int>()
        receiver.listen { _, datagram -> got += datagram.text().toInt() }
        for (n in 1..1000) sender.send("$n", receiver.localAddress())
        until("the last has come") { 1000 in got }
        got.toList().shouldBeStrictlyIncreasing()
    }
}

private fun serve(client: DgramSocket, port: Int, round: Int, ends: AtomicInteger) {
    client.async().send(Message.of("$round").to(loopback(port))).whenComplete { _, failure ->
        if (failure == null) ends.incrementAndGet()
    }
}

/** A listener that keeps what it is told of errors. */
internal class Errors(private val errors: MutableCollection<Throwable>) : DgramListener {
    override fun onMessage(socket: DgramSocket, datagram: Datagram) = Unit

    override fun onError(socket: DgramSocket, error: Throwable) {
        errors += error
    }
}
