package dev.ancilla.testkit

import dev.ancilla.Datagram
import dev.ancilla.DgramListener
import dev.ancilla.DgramSocket
import dev.ancilla.Errno
import dev.ancilla.Feature
import dev.ancilla.Message
import dev.ancilla.SocketOpException
import dev.ancilla.UnsupportedFeatureException
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import java.net.InetSocketAddress
import java.nio.ByteBuffer
import java.nio.channels.AlreadyBoundException
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit

/** Messages from one socket to another, in every form they can have. */
internal fun ContractSpec.exchanging() {
    inEveryStyle("O49 row59 each side sees the other's exact path and every byte") {
        val server = bound()
        val client = bound()

        client.send("request", server.localAddress())
        val sender =
            server.receive().use { request ->
                request.text() shouldBe "request"
                request.size() shouldBe 7
                request.sender()
            }
        sender shouldBe client.localAddress()
        server.send("echo", sender)

        client.receive().use { echo ->
            echo.text() shouldBe "echo"
            echo.sender() shouldBe server.localAddress()
        }
    }

    inEveryStyle("a connected socket sends without a target and knows its peer") {
        val server = bound()
        val client = bound()
        client.connect(server.localAddress())

        client.send("hello")

        client.remoteAddress() shouldBe server.localAddress()
        server.receive().use { it.sender() shouldBe client.localAddress() }
    }

    scenario("O03 row11 a listener that is attached after bind gets, once, what came before it") {
        val receiver = bound()
        bound().send("early", receiver.localAddress())
        val got = LinkedBlockingQueue<String>()

        receiver.listen { _, datagram -> got.add(datagram.text()) }.use {
            got.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS) shouldBe "early"
            got.poll(WATCHING_MILLIS, TimeUnit.MILLISECONDS) shouldBe null
        }
    }

    inEveryStyle("O04 row27 a second bind is refused, and the first address still receives") {
        val receiver = bound()
        val address = receiver.localAddress()

        shouldThrow<AlreadyBoundException> { receiver.bind(subject.freshAddress(directory)) }

        receiver.localAddress() shouldBe address
        bound().send("still here", address)
        receiver.receiveText() shouldBe "still here"
    }

    inEveryStyle("O18 row63 a list of parts goes as one message, though it is emptied at once") {
        val receiver = bound()
        val parts =
            mutableListOf(
                "x",
                "y",
            ).map { ByteBuffer.wrap(it.repeat(256).toByteArray()) }.toMutableList()
        val message = Message.gather(parts).to(receiver.localAddress())
        parts.clear()

        bound().send(message)

        receiver.receiveText() shouldBe "x".repeat(256) + "y".repeat(256)
    }

    inEveryStyle("O19 texts are UTF-8, in parts or whole") {
        val receiver = bound()
        val sender = connectedTo(receiver)

        sender.send(Message.gather(listOf("foo", "bar", "baz").map { ByteBuffer.wrap(it.toByteArray()) }))
        receiver.receiveText() shouldBe "foobarbaz"

        sender.send("héllo")
        receiver.receive().use {
            it.text() shouldBe "héllo"
            it.size() shouldBe 6
        }
    }

    inEveryStyle("O20 row60 a message without a byte arrives as one, in whatever form it was made") {
        val receiver = bound()
        val sender = bound()
        val bytes = "bytes".toByteArray()
        val forms =
            listOf(
                Message.gather(emptyList()),
                Message.of(""),
                Message.of(ByteBuffer.allocate(0)),
                Message.of(bytes, bytes.size, 0),
                Message.empty(),
            )
        for (form in forms) {
            sender.send(form.to(receiver.localAddress()))
            receiver.receive().use {
                it.size() shouldBe 0
                it.bytes().size shouldBe 0
                it.truncated() shouldBe false
            }
        }
        sender.send("after", receiver.localAddress())
        receiver.receiveText() shouldBe "after"
    }

    inEveryStyle(
        "O20 a message without a byte to a connected peer arrives, or is refused for the missing feature",
    ) {
        val receiver = bound()
        val sender = connectedTo(receiver)

        if (Feature.EMPTY_TO_PEER in sender.features()) {
            sender.send(Message.empty())
            receiver.receiveText() shouldBe ""
        } else {
            shouldThrow<UnsupportedFeatureException> { sender.send(Message.empty()) }.feature() shouldBe
                Feature.EMPTY_TO_PEER
        }
        sender.send("after")
        receiver.receiveText() shouldBe "after"
    }

    inEveryStyle("O21 row65 a range of an array is taken exactly, and refused if it is not within") {
        val receiver = bound()
        val sender = bound()
        val bytes = "12345".toByteArray()

        for ((offset, length) in listOf(0 to 5, 5 to 0, 1 to 3)) {
            sender.send(Message.of(bytes, offset, length).to(receiver.localAddress()))
        }
        val outside = listOf(6 to 0, 0 to 6, 3 to 3, -1 to 2, 0 to -1, 1 to Int.MAX_VALUE)
        for ((offset, length) in outside) {
            shouldThrow<IndexOutOfBoundsException> { Message.of(bytes, offset, length) }
        }

        List(3) { receiver.receiveText() }.shouldContainExactly("12345", "", "234")
    }

    inEveryStyle("O23 an address that is none of this kind is an argument error, and the next send works") {
        val receiver = bound()
        val sender = bound()
        val unresolved = InetSocketAddress.createUnresolved("name.invalid", 9)

        shouldThrow<IllegalArgumentException> { sender.send("lost", subject.foreignAddress) }
        shouldThrow<IllegalArgumentException> { sender.connect(subject.foreignAddress) }
        for (wrong in listOf(subject.foreignAddress, unresolved)) {
            // What tries does not wait for a lookup.
            shouldThrow<IllegalArgumentException> { sender.trySend(Message.of("lost").to(wrong)) }
            shouldThrow<IllegalArgumentException> { sender.tryConnect(wrong) }
            shouldThrow<IllegalArgumentException> { open().bind(wrong) }
        }

        sender.queuedSends() shouldBe 0
        sender.send("found", receiver.localAddress())
        receiver.receiveText() shouldBe "found"
    }

    inEveryStyle("a buffer that is sent is not changed but for its position") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        val buffer = ByteBuffer.allocateDirect(8).put("-bytes--".toByteArray()).position(1).limit(6)

        sender.send(Message.of(buffer))
        buffer.position() shouldBe 1
        sender.trySend(buffer, null) shouldBe true

        buffer.remaining() shouldBe 0
        List(2) { receiver.receiveText() }.shouldContainExactly("bytes", "bytes")
    }

    inEveryStyle("a limit cuts the message and tells how long it was") {
        val receiver = bound(Wish(limit = 4))
        val sender = connectedTo(receiver)

        sender.send("longer")
        sender.send("fits")

        receiver.receive().use {
            it.text() shouldBe "long"
            it.size() shouldBe 6
            it.truncated() shouldBe true
        }
        receiver.receive().use {
            it.text() shouldBe "fits"
            it.truncated() shouldBe false
        }
    }

    scenario("row118 what a listener throws goes to its onError, and the next message is delivered") {
        val receiver = bound()
        val told = LinkedBlockingQueue<String>()
        val sender = connectedTo(receiver)
        receiver.listen(
            object : DgramListener {
                override fun onMessage(socket: DgramSocket, datagram: Datagram) =
                    error("cannot take ${datagram.text()}")

                override fun onError(socket: DgramSocket, error: Throwable) {
                    told.add(error.message!!)
                }
            },
        )

        sender.send("one")
        sender.send("two")

        List(2) { told.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS) }
            .shouldContainExactly("cannot take one", "cannot take two")
    }
}
