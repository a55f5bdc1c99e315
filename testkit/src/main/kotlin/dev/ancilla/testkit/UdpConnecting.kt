package dev.ancilla.testkit

import dev.ancilla.Errno
import dev.ancilla.Message
import dev.ancilla.SocketOpException
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.ints.shouldBeInRange
import io.kotest.matchers.shouldBe
import java.net.InetAddress
import java.nio.ByteBuffer
import java.nio.channels.AlreadyConnectedException
import java.util.concurrent.CompletableFuture

/** One peer: connecting, what is refused then, parting, and a peer that is gone. */
internal fun ContractSpec.udpConnecting() {
    inEveryStyle(
        "O31 row41 row42 row43 row45 row47 row119 a connected socket has one peer, and hears no other",
    ) {
        val peer = udpBound()
        val other = udpBound()
        val socket = udp()
        socket.remoteAddress() shouldBe null
        socket.connect(peer.localAddress())

        socket.port shouldBeInRange 1..65_535
        socket.remoteAddress() shouldBe peer.localAddress()
        shouldThrow<AlreadyConnectedException> { socket.connect(other.localAddress()) }
        shouldThrow<AlreadyConnectedException> { socket.connect(peer.localAddress()) }
        // What is no target is refused first.
        for (refused in listOf(loopback(0), named("localhost", 0))) {
            shouldThrow<IllegalArgumentException> { socket.connect(refused) }
        }
        other.send("unheard", socket.localAddress())
        peer.send("heard", socket.localAddress())
        socket.receiveText() shouldBe "heard"
        socket.expectNothing()
    }

    inEveryStyle(
        "row43 who connects while another connect looks up its peer is first, and the other refused",
    ) {
        val lookup = CompletableFuture<InetAddress>()
        val peer = udpBound()
        val socket = udp { resolver { _, _ -> lookup } }
        val slow = socket.async().connect(named("slow", freePort()))
        socket.connect(peer.localAddress())
        lookup.complete(ip("127.0.0.1"))
        shouldThrow<AlreadyConnectedException> { slow.join("the slow connect") }
        socket.remoteAddress() shouldBe peer.localAddress()
    }

    inEveryStyle("O32 row46 who parts keeps the port, may part again, and finds another peer") {
        val peer = udpBound()
        val socket = udp()
        socket.connect(peer.localAddress())
        val port = socket.port
        repeat(2) { socket.disconnect() }

        socket.remoteAddress() shouldBe null
        socket.port shouldBe port
        peer.send("still there", loopback(port))
        socket.receiveText() shouldBe "still there"
        val next = udpBound()
        socket.connect(next.localAddress())
        socket.send("anew")
        next.receive().use { it.sender() shouldBe loopback(port) }
    }

    inEveryStyle("O33 row68 a connected socket refuses every target, its peer's too") {
        val peer = udpBound()
        val socket = udp()
        socket.connect(peer.localAddress())
        for (target in listOf(peer.localAddress(), loopback(9), named("localhost", peer.port))) {
            shouldThrow<SocketOpException> { socket.send("refused", target) }.errno() shouldBe Errno.EISCONN
        }
        shouldThrow<SocketOpException> { socket.trySend(Message.of("refused").to(peer.localAddress())) }
        shouldThrow<SocketOpException> { socket.trySend(ByteBuffer.allocate(1), peer.localAddress()) }
        socket.newSendBatch(1).use { batch ->
            batch.add(Message.of("refused").to(peer.localAddress()))
            shouldThrow<SocketOpException> { socket.trySend(batch) }.errno() shouldBe Errno.EISCONN
        }
        socket.send("accepted")
        peer.receiveText() shouldBe "accepted"
        peer.tryReceive() shouldBe null
    }

    inEveryStyle("O35 row90 a peer that is gone is told to connected sockets, which live on") {
        val gone = loopback(freePort())
        val socket = udp()
        socket.connect(gone)
        socket.trySend(Message.of("into the void")) shouldBe true
        val told = shouldThrow<SocketOpException> { socket.receive().close() }
        told.errno() shouldBe Errno.ECONNREFUSED
        told.operation() shouldBe "receive"
        told.remoteAddress() shouldBe gone

        val back = udpBound(gone)
        socket.send("again")
        back.receive().use { back.send("welcome", it.sender()) }
        socket.receiveText() shouldBe "welcome"
    }

    inEveryStyle("O35 nobody tells an unconnected socket that a receiver is gone") {
        val gone = loopback(freePort())
        val socket = udpBound()
        repeat(2) { socket.send("into the void", gone) }
        socket.expectNothing()
        socket.send("to myself", socket.localAddress())
        socket.receiveText() shouldBe "to myself"
    }
}
