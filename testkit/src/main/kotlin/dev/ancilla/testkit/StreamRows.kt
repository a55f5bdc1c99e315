package dev.ancilla.testkit

import dev.ancilla.Ancillary
import dev.ancilla.Errno
import dev.ancilla.Feature
import dev.ancilla.OwnedFd
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.spi.Deadline
import dev.ancilla.spi.Interest
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.shouldBe
import java.nio.ByteBuffer
import java.nio.channels.AlreadyConnectedException
import java.nio.channels.ClosedChannelException
import java.nio.file.Files
import java.time.Duration
import java.util.concurrent.CompletableFuture

/** The rows of the table of what npm's usocket does, each as it is here. */
internal fun StreamContract.streamRows() {
    inEveryStyle("row15 a path connects, and every descriptor that is a stream is taken") {
        val server = server()
        clientOf(server).write("x")
        server.accept().readExactly(1).first shouldBe "x"
        shouldThrow<SocketOpException> { Sockets.unixStream().adopt(fileWith("a")) }.errno() shouldBe
            Errno.ENOTSOCK
    }

    inEveryStyle("row16 a stream may be half open in either direction") {
        val pair = pair()
        pair.left().end("over")
        pair.right().readExactly(4)
        pair.right().read(ByteBuffer.allocate(1)).isEnd shouldBe true
        pair.right().write("not here")
        pair.left().readExactly(8).first shouldBe "not here"
    }

    scenario("row17 row37 a server is one that listens, with its backlog, and removes nothing") {
        val plain = Files.writeString(freshPath(), "mine")
        shouldThrow<SocketOpException> { Sockets.unixServer().listen(UnixAddress.path(plain)) }
            .errno() shouldBe Errno.EADDRINUSE
        Files.readString(plain) shouldBe "mine"
        shouldThrow<IllegalArgumentException> { Sockets.unixServer().backlog(-1) }
        shouldThrow<IllegalArgumentException> { UnixAddress.path("/" + "x".repeat(107)) }
    }

    inEveryStyle("row37 a server is told by every address") {
        val names = listOf(UnixAddress.autobind(), UnixAddress.abstractName("ancilla-${System.nanoTime()}"))
        for (name in names.filter { Feature.ABSTRACT_NAMES in features }) {
            val server = keep(Sockets.unixServer().listen(name))
            clientOf(server).write("x")
            server.accept().readExactly(1).first shouldBe "x"
        }
    }

    scenario("row38 row125 a server listens when listen returns") {
        clientOf(server()).tryWrite(bytes("x")) shouldBe 1
    }

    inEveryStyle("row49 row129 a socket is connected when connect ends, and not twice") {
        val server = server()
        val client = clientOf(server)
        client.remoteAddress() shouldBe server.localAddress()
        val twice = style.connect(client, server.localAddress()).result().exceptionOrNull()
        (twice is AlreadyConnectedException) shouldBe true
        client.write("still")
        server.accept().readExactly(5).first shouldBe "still"
    }

    inEveryStyle("row50 row130 what failed leaves the socket open") {
        val socket = open()
        style.connect(socket, freshAddress()).result().isFailure shouldBe true
        socket.isOpen shouldBe true
        val unconnected = style.write(socket, listOf(bytes("x")), Ancillary.none()).result()
        (unconnected.exceptionOrNull() as SocketOpException).errno() shouldBe Errno.ENOTCONN
        socket.connect(server().localAddress())
    }

    inEveryStyle("row123 each connection is a socket of its own") {
        val server = server()
        val clients = List(3) { clientOf(server) }
        val accepted = List(3) { server.accept() }
        clients.forEachIndexed { n, client -> client.write("$n") }
        accepted.map { it.readExactly(1).first } shouldBe listOf("0", "1", "2")
    }

    inEveryStyle("a client whose name no address can hold is unnamed") {
        if (LongPath.missing() != null) return@inEveryStyle
        val server = server()
        LongPath.connect(directory, server.localAddress())
        val accepted = server.accept()
        accepted.remoteAddress() shouldBe UnixAddress.unnamed()
        accepted.readToText() shouldBe "from a stranger"
    }

    inEveryStyle("row126 pausing and resuming may come again") {
        val server = server()
        repeat(3) {
            server.pause()
            server.pause()
            clientOf(server)
            server.tryAccept() shouldBe null
            server.resume()
            server.resume()
            server.accept()
        }
    }

    inEveryStyle("row127 closing a server removes its file, tells so, and leaves its sockets") {
        val server = server()
        val path = server.localAddress().toPath()
        val client = clientOf(server)
        val accepted = server.accept()
        server.close()
        server.closed().toCompletableFuture().join("closed")
        Files.exists(path) shouldBe false
        client.write("alive")
        accepted.readExactly(5).first shouldBe "alive"
        shouldThrow<ClosedChannelException> { server.tryAccept() }
    }

    inEveryStyle("row128 row134 a reader that does not read makes the writer wait") {
        val pair = pair()
        val write = style.write(pair.left(), listOf(ByteBuffer.allocate(1_000_000)), Ancillary.none())
        write.expectWaiting()
        var left = 1_000_000
        while (left > 0) left -= pair.right().readPart(100_000).first.length
        write.await()
    }

    inEveryStyle("row131 row142 closing tells its end, and closes what was not read") {
        val pair = pair()
        pair.left().write("abc", fileWith("1"), fileWith("2"), fileWith("3"))
        pair.right().tryReadExactly(ByteBuffer.allocate(9)) shouldBe null
        pair.right().close()
        pair.right().closed().toCompletableFuture().join("closed")
    }

    inEveryStyle("row132 row133 row135 row139 bytes and descriptors are read together, all or nothing") {
        val pair = pair()
        pair.left().write("ab", fileWith("1"))
        pair.right().tryReadExactly(ByteBuffer.allocate(4), 1) shouldBe null
        pair.left().write("cd")
        pair.right().readExactly(4, 1) shouldBe ("abcd" to listOf("1"))
    }

    inEveryStyle("row136 what is put back comes first") {
        val pair = pair()
        pair.left().write("d")
        pair.right().unread(bytes("abc"), Ancillary.none())
        pair.right().readExactly(4).first shouldBe "abcd"
    }

    scenario("row132 row136 who waits after an exact read waits for more than is held") {
        val pair = pair()
        val socket = pair.right()

        fun ready() = socket.readiness().await(Interest.READ, Deadline.after(Duration.ofMillis(50)))

        fun exactly4(): String? {
            val target = ByteBuffer.allocate(4)
            return socket.tryReadExactly(target)?.let { String(target.array()) }
        }

        pair.left().write("ab")
        exactly4() shouldBe null
        ready() shouldBe false
        val woken = CompletableFuture<String?>()
        socket.readiness().arm(Interest.READ) { woken.complete(exactly4()) }
        pair.left().write("cd")
        woken.join("the wake") shouldBe "abcd"

        pair.left().write("ef")
        exactly4() shouldBe null
        ready() shouldBe false
        socket.tryRead(ByteBuffer.allocate(1))!!.close()
        ready() shouldBe true
        exactly4() shouldBe null
        ready() shouldBe false
        socket.unread(bytes("xyz"), Ancillary.none())
        ready() shouldBe true
        exactly4() shouldBe "xyzf"
        ready() shouldBe false
    }

    inEveryStyle("row137 row140 row138 descriptors without a byte are refused, and bytes alone are not") {
        val pair = pair()
        val alone = style.write(pair.left(), listOf(bytes("")), Ancillary.lend(fileWith("1"))).result()
        alone.exceptionOrNull()!!.message shouldBe
            "write: 1 descriptors and no byte; a stream carries descriptors with a byte only"
        style.write(pair.left(), listOf(bytes("")), Ancillary.none()).await()
        val closed = fileWith("2").also(OwnedFd::close)
        val gone = style.write(pair.left(), listOf(bytes("x")), Ancillary.lend(closed)).result()
        (gone.exceptionOrNull() is IllegalArgumentException) shouldBe true
        pair.left().write("x")
        pair.right().readPart(9) shouldBe ("x" to emptyList())
    }

    inEveryStyle("row141 ending flushes first, with descriptors") {
        val pair = pair()
        pair.left().end("bye", fileWith("1"))
        pair.right().readPart(9) shouldBe ("bye" to listOf("1"))
        pair.right().read(ByteBuffer.allocate(1)).isEnd shouldBe true
        pair.left().isOpen shouldBe true
    }

    scenario("row143 all 253 descriptors of a write can be read") {
        if (Feature.MANY_DESCRIPTORS !in features) return@scenario
        val pair = pair(descriptors = 253)
        val lent = fileWith("many")
        pair.left().write("x", *Array(253) { lent })
        pair.right().read(ByteBuffer.allocate(1)).use { it.ancillary().descriptors().size shouldBe 253 }
        shouldThrow<IllegalArgumentException> {
            pair.left().tryWrite(listOf(bytes("x")), Ancillary.lend(List(254) { lent }))
        }
    }
}
