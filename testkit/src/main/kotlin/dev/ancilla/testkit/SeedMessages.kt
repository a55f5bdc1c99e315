package dev.ancilla.testkit

import dev.ancilla.Datagram
import dev.ancilla.DgramListener
import dev.ancilla.DgramSocket
import dev.ancilla.Errno
import dev.ancilla.Feature
import dev.ancilla.Message
import dev.ancilla.SocketOpException
import dev.ancilla.UnixAddress
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import java.net.SocketAddress
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CopyOnWriteArrayList

/** The same table's rows about sending and receiving. */
internal fun ContractSpec.seedMessages() {
    inEveryStyle("row40 a connected socket sends what it is told to where it is told to") {
        val peer = bound()
        val other = bound()
        val sender = connectedTo(peer)

        sender.send(Message.of("foobarbaz".toByteArray(), 3, 4).to(other.localAddress()))

        other.receiveText() shouldBe "barb"
        peer.tryReceive() shouldBe null
    }

    inEveryStyle("row51 a connected send takes the whole buffer") {
        val receiver = bound()
        connectedTo(receiver).send(Message.of("whole".toByteArray()))
        receiver.receiveText() shouldBe "whole"
    }

    inEveryStyle("row52 a range of a buffer goes to a path, connected or not") {
        val receiver = bound()
        for (sender in listOf(open(), connectedTo(bound()))) {
            sender.send(Message.of("foobarbaz".toByteArray(), 3, 3).to(receiver.localAddress()))
            receiver.receiveText() shouldBe "bar"
        }
    }

    inEveryStyle("row53 a send that has ended was sent, and no completion runs inside the call") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        sender.send("sent")
        receiver.tryReceive()!!.use { it.text() shouldBe "sent" }

        val inside = CompletableFuture<Boolean>()
        sender.eventLoop().execute { inside.complete(sender.async().send(Message.of("next")).isDone) }
        inside.join("the call") shouldBe false
        receiver.receiveText() shouldBe "next"
    }

    inEveryStyle("row54 a refused send fails its own call, and no listener hears of it") {
        val sender = open()
        val heard = CopyOnWriteArrayList<Throwable>()
        sender.listen(
            object : DgramListener {
                override fun onMessage(socket: DgramSocket, datagram: Datagram) = error("nobody writes here")

                override fun onError(socket: DgramSocket, error: Throwable) {
                    heard += error
                }
            },
        )

        shouldThrow<SocketOpException> { sender.send("lost", UnixAddress.path(freshPath())) }.errno() shouldBe
            Errno.ENOENT

        val later = CompletableFuture<Unit>()
        sender.eventLoop().execute { later.complete(Unit) }
        later.join("a turn of the loop")
        heard.shouldBeEmpty()
    }

    for (connected in listOf(true, false)) {
        val how = if (connected) "connected" else "unconnected"

        inEveryStyle("row55 a try without room says so, tells the listener and queues nothing, $how") {
            val full = Full(this, connected)
            val told = CompletableFuture<SocketAddress?>()
            full.sender.listen(
                object : DgramListener {
                    override fun onMessage(socket: DgramSocket, datagram: Datagram) = Unit

                    override fun onCongestion(socket: DgramSocket, target: SocketAddress?) {
                        told.complete(target)
                    }
                },
            )

            full.sender.trySend(full.message("kept by its sender")) shouldBe false

            told.join("congestion") shouldBe full.target
            full.sender.queuedSends() shouldBe 0
            repeat(full.count) { full.receiver.receiveText() shouldBe "fill" }
            full.receiver.tryReceive() shouldBe null
        }

        inEveryStyle("row56 a send that waits for room ends when there is some, $how") {
            val full = Full(this, connected)
            val send = style.send(full.sender, full.message("waited"))
            until("it waits") { full.sender.queuedSends() == 1 }

            repeat(full.count) { full.receiver.receiveText() shouldBe "fill" }

            send.await()
            full.receiver.receiveText() shouldBe "waited"
            full.sender.queuedSends() shouldBe 0
        }
    }

    inEveryStyle(
        "row57 a bad range or target is refused before anything is sent, and no full queue loses one",
    ) {
        val full = Full(this, connected = false)
        shouldThrow<IndexOutOfBoundsException> { Message.of(ByteArray(3), 2, 2) }
        shouldThrow<IllegalArgumentException> { full.sender.send("lost", subject.foreignAddress) }
        val send = style.send(full.sender, Message.of("12345".toByteArray(), 1, 3).to(full.target))

        repeat(full.count) { full.receiver.receiveText() shouldBe "fill" }

        send.await()
        full.receiver.receiveText() shouldBe "234"
    }

    inEveryStyle("row59 one call sends to the peer or to a target: the message says which") {
        val peer = bound()
        val other = bound()
        val sender = connectedTo(peer)
        sender.send(Message.of("peer"))
        sender.send(Message.of("other").to(other.localAddress()))

        peer.receiveText() shouldBe "peer"
        other.receiveText() shouldBe "other"
    }

    inEveryStyle("row60 a message without a byte is a message") {
        val receiver = bound()
        val sender = open()
        for (length in listOf(0, 1)) {
            sender.send(Message.of("x".toByteArray(), 0, length).to(receiver.localAddress()))
            receiver.receive().use { it.size() shouldBe length }
        }
    }

    inEveryStyle(
        "row82 a message tells its size and its sender, who may have no name, a path or an abstract one",
    ) {
        val receiver = bound()
        val byName =
            if (Feature.ABSTRACT_NAMES in
                receiver.features()
            ) {
                listOf(UnixAddress.autobind())
            } else {
                emptyList()
            }
        val names = listOf(null, subject.freshAddress(directory)) + byName
        for (name in names) {
            val sender = open().also { if (name != null) it.bind(name) }
            sender.send("12345", receiver.localAddress())
            receiver.receive().use {
                it.size() shouldBe 5
                it.sender() shouldBe if (name == null) null else sender.localAddress()
            }
        }
    }

    scenario("row83 ten messages that wait are delivered in one turn of the loop") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        repeat(10) { sender.send("$it") }
        countingTurns(receiver) { turn ->
            val turns = CopyOnWriteArrayList<Int>()
            receiver.listen { _, _ -> turns += turn() }
            until("all are delivered") { turns.size == 10 }
            turns.distinct().size shouldBe 1
        }
    }

    inEveryStyle("row84 100,000 bytes arrive whole, and what a limit cuts says so") {
        for ((limit, received) in listOf(null to 100_000, 65_536 to 65_536)) {
            val receiver = bound(Wish(limit = limit))
            connectedTo(receiver).send(Message.of(ByteArray(100_000) { it.toByte() }))
            receiver.receive().use {
                it.size() shouldBe 100_000
                it.bytes().size shouldBe received
                it.truncated() shouldBe (limit != null)
            }
        }
    }

    inEveryStyle("row85 an abstract sender's name is exact, and an anonymous sender's is missing") {
        val receiver = bound()
        open().send("anonymous", receiver.localAddress())
        receiver.receive().use { it.sender() shouldBe null }
        if (Feature.ABSTRACT_NAMES in receiver.features()) {
            val name = UnixAddress.abstractName("ancilla-${System.nanoTime()}")
            open().also { it.bind(name) }.send("abstract", receiver.localAddress())
            receiver.receive().use { it.sender() shouldBe name }
        }
    }

    inEveryStyle("row86 a large message behind many small ones is whole") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        repeat(40) {
            sender.send("small")
            sender.send(Message.of(ByteArray(60_000)))
            receiver.receiveText() shouldBe "small"
            receiver.receive().use { large -> large.bytes().size shouldBe 60_000 }
        }
    }

    inEveryStyle("row93 a receiver that does not read makes its senders wait", Style.sending) {
        val receiver = bound()
        val sender = connectedTo(receiver)
        val got = CopyOnWriteArrayList<String>()
        val subscription = receiver.listen { _, datagram -> got += datagram.text() }
        subscription.pause()
        val full = sender.fill()
        val send = style.send(sender, Message.of("waits"))
        send.expectWaiting()

        subscription.resume()

        send.await()
        until("all have come") { got.size >= full + 1 }
        got.shouldContainExactly(List(full) { "fill" } + "waits")
    }
}
