package dev.ancilla.testkit

import dev.ancilla.Errno
import dev.ancilla.Feature
import dev.ancilla.Message
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.matchers.shouldBe
import java.net.StandardProtocolFamily
import java.net.UnixDomainSocketAddress
import java.nio.channels.ServerSocketChannel
import java.nio.file.Files
import java.time.Duration

/** Who is who: names, peers and those that are not there. */
internal fun ContractSpec.naming() {
    inEveryStyle("O50 a sender is unnamed until it binds, and its messages are in order") {
        val server = bound()
        val client = open()
        repeat(4) { client.send("$it", server.localAddress()) }
        // Before it binds: Linux tells the name that the sender has when the message is received.
        repeat(4) { number ->
            server.receive().use {
                it.text() shouldBe "$number"
                it.sender() shouldBe null
            }
        }

        client.bind(subject.freshAddress(directory))
        client.send("4", server.localAddress())

        server.receive().use {
            it.text() shouldBe "4"
            it.sender() shouldBe client.localAddress()
        }
    }

    inEveryStyle("O51 a send to nobody says why, and the socket is usable after") {
        val receiver = bound()
        val sender = bound()
        val missing = UnixAddress.path(freshPath())
        val plain = UnixAddress.path(Files.createFile(freshPath()))
        val listening = keep(ServerSocketChannel.open(StandardProtocolFamily.UNIX))
        val stream =
            freshPath()
                .also {
                    listening.bind(
                        UnixDomainSocketAddress.of(it),
                    )
                }.let(UnixAddress::path)
        val causes =
            mapOf(
                missing to Errno.ENOENT,
                plain to Errno.ECONNREFUSED,
                stream to Errno.EPROTOTYPE,
            )
        for ((target, errno) in causes) {
            withClue(target) {
                for (call in listOf({ sender.send("lost", target) }, { sender.connect(target) })) {
                    val failure = shouldThrow<SocketOpException>(call)
                    failure.errno() shouldBe errno
                    failure.remoteAddress() shouldBe target
                }
            }
        }

        sender.queuedSends() shouldBe 0
        sender.send("found", receiver.localAddress())
        receiver.receiveText() shouldBe "found"
    }

    inEveryStyle("O51 a send to a path whose owner closed is refused") {
        val gone = keep(Sockets.unixDgram().unlinkOnClose(false).bind(UnixAddress.path(freshPath())))
        val path = gone.localAddress()
        gone.close()
        val sender = open()

        shouldThrow<SocketOpException> { sender.send("lost", path) }.errno() shouldBe Errno.ECONNREFUSED

        sender.send("found", bound().localAddress())
    }

    inEveryStyle("a client connects anew, on the same object, after the server restarted") {
        val path = UnixAddress.path(freshPath())
        val client = bound()
        repeat(3) { round ->
            val server = subject.open().also { it.bind(path) }
            client.connect(path)
            client.send("round $round")
            server.receiveText() shouldBe "round $round"
            server.close()
            shouldThrow<SocketOpException> { client.send("lost") }
            shouldThrow<SocketOpException> { client.connect(path) }.errno() shouldBe Errno.ENOENT
        }
    }

    inEveryStyle("a connected socket sends to others too") {
        val peer = bound()
        val other = bound()
        val sender = connectedTo(peer)

        sender.send("aside", other.localAddress())
        sender.send("ahead")

        other.receiveText() shouldBe "aside"
        peer.receiveText() shouldBe "ahead"
    }

    inEveryStyle(
        "an autobound socket has a name of its own, and replies find it",
        missing = without(Feature.ABSTRACT_NAMES),
    ) {
        val server = bound()
        val clients = List(2) { open().also { it.bind(UnixAddress.autobind()) } }
        (clients[0].localAddress() == clients[1].localAddress()) shouldBe false

        clients[0].send("who?", server.localAddress())
        server.send("you", server.receive().use { it.sender() })

        clients[0].receiveText() shouldBe "you"
    }

    inEveryStyle(
        "abstract names are exact, with NULs inside, and replies find them",
        missing = without(Feature.ABSTRACT_NAMES),
    ) {
        val name = "ancilla-${System.nanoTime()}\u0000x"
        val server = open().also { it.bind(UnixAddress.abstractName(name)) }
        val client = open().also { it.bind(UnixAddress.abstractName("$name\u0000y")) }

        client.send("hello", UnixAddress.abstractName(name))
        val sender = server.receive().use { it.sender() }
        sender shouldBe client.localAddress()
        server.send("back", sender)

        client.receiveText() shouldBe "back"
    }

    inEveryStyle(
        "a sender whose name no address can hold is unnamed, and its descriptors stay with its message",
        missing = LongPath::missing,
    ) {
        val receiver = receiverOf(1)
        val client = bound()
        LongPath.send(directory, receiver.localAddress())
        client.send(Message.of("known").to(receiver.localAddress()).with(fileWith("a client's")))

        receiver.receive().use {
            it.text() shouldBe "from a stranger"
            it.sender() shouldBe null
            it.readDescriptors() shouldBe listOf("a stranger's")
        }
        receiver.receive().use {
            it.sender() shouldBe client.localAddress()
            it.readDescriptors() shouldBe listOf("a client's")
        }
    }

    inEveryStyle("a pair talks both ways") {
        val pair = keep(Sockets.unixDgram().pair())
        pair.left().send("right?")
        pair.right().receiveText() shouldBe "right?"
        pair.right().send("left!")
        pair.left().receiveText() shouldBe "left!"
    }

    inEveryStyle("200,000 bytes arrive whole") {
        val receiver = bound()
        val sender = connectedTo(receiver, Wish(sendBuffer = 212_992))
        val bytes = ByteArray(200_000) { (it * 31).toByte() }
        sender.send(Message.of(bytes))

        receiver.receive().use { datagram ->
            datagram.size() shouldBe bytes.size
            datagram.bytes().contentEquals(bytes) shouldBe true
        }
    }

    inEveryStyle("a message larger than the send buffer is refused at once") {
        val receiver = bound()
        val sender = connectedTo(receiver, Wish(sendBuffer = 8_192))

        shouldThrow<SocketOpException> { sender.send(Message.of(ByteArray(100_000))) }.errno() shouldBe
            Errno.EMSGSIZE

        sender.send("fits")
        receiver.receiveText() shouldBe "fits"
    }

    scenario("a wait for room has its deadline") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        sender.fill()
        shouldThrow<java.net.SocketTimeoutException> {
            sender.blocking().send(Message.of("late"), Duration.ofMillis(20))
        }
        sender.queuedSends() shouldBe 0
    }
}
