package dev.ancilla.testkit

import dev.ancilla.Ancillary
import dev.ancilla.Errno
import dev.ancilla.Feature
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.UnsupportedFeatureException
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.shouldBe
import java.nio.ByteBuffer
import java.nio.channels.ClosedChannelException
import java.nio.file.Files

/** What junixsocket does with streams, and no provider may: the ids are the rows of its table. */
internal fun StreamContract.streamHabits() {
    scenario("A5 pairs leave no descriptor") {
        repeat(50) { Sockets.unixStream().pair().close() }
    }

    scenario("A6 a descriptor that came is closed with its channel's owner") {
        val pair = pair()
        pair.left().write("x", fileWith("1"))
        pair.right().read(ByteBuffer.allocate(1)).ancillary().take().use { came ->
            came.channel().use { it.size() shouldBe 1 }
        }
    }

    inEveryStyle("A13 closing a socket does not shut down a duplicate of it") {
        val server = server()
        startLoop(server.eventLoop())
        val before = Census.take()
        val client = clientOf(server)
        val duplicate = keep(duplicateSince(before))
        client.close()
        val adopted = keep(Sockets.unixStream().adopt(duplicate))
        duplicate.isOpen shouldBe false
        adopted.write("still open")
        server.accept().readExactly(10).first shouldBe "still open"
    }

    scenario("a server is handed over: whoever connected before or after is accepted by the other") {
        val server = server { unlinkOnClose(false) }
        val address = server.localAddress()
        if (Feature.EXPORT !in features) {
            shouldThrow<UnsupportedFeatureException> { server.duplicate() }.feature() shouldBe Feature.EXPORT
            return@scenario
        }
        val before = clientOf(server)
        val successor = keep(Sockets.unixServer().adopt(keep(server.duplicate())))
        server.close()
        shouldThrow<ClosedChannelException> { server.duplicate() }
        val after = open().also { it.connect(address) }
        before.write("before")
        after.write("after")
        List(2) { successor.accept().readPart(10).first } shouldBe listOf("before", "after")
    }

    scenario("A13 a server is adopted, and what does not listen is refused") {
        val server = server()
        startLoop(server.eventLoop())
        val before = Census.take()
        val second = keep(Sockets.unixServer().unlinkOnClose(false).listen(freshAddress()))
        val address = second.localAddress()
        val duplicate = keep(duplicateSince(before))
        second.close()
        shouldThrow<SocketOpException> { Sockets.unixStream().adopt(duplicate) }.errno() shouldBe Errno.EINVAL
        val adopted = keep(Sockets.unixServer().adopt(duplicate))
        open().connect(address)
        adopted.accept().localAddress() shouldBe address
    }

    inEveryStyle("A14 a refused write loses nothing that the peer wrote") {
        val pair = pair()
        pair.left().write("last words", fileWith("1"))
        pair.left().close()
        repeat(2) {
            val refused = style.write(pair.right(), listOf(bytes("x")), Ancillary.none()).result()
            (refused.exceptionOrNull() as SocketOpException).errno() shouldBe Errno.EPIPE
        }
        pair.right().readPart(64) shouldBe ("last words" to listOf("1"))
        pair.right().shutdownOutput()
        pair.right().read(ByteBuffer.allocate(1)).isEnd shouldBe true
    }

    inEveryStyle("A16 nobody takes the address of a server that lives, and a file that moves is no matter") {
        val server = server()
        val address = server.localAddress()
        shouldThrow<SocketOpException> { Sockets.unixServer().listen(address) }.errno() shouldBe
            Errno.EADDRINUSE
        val moved = Files.move(address.toPath(), freshPath())
        open().connect(UnixAddress.path(moved))
        server.accept()
        Files.delete(moved)
    }

    inEveryStyle("A21 a connect that has no room is not connected, and goes on later") {
        val server = server { backlog(0) }
        clientOf(server)
        val late = open()
        late.tryConnect(server.localAddress()) shouldBe false
        late.remoteAddress() shouldBe null
        val early = style.write(late, listOf(bytes("x")), Ancillary.none()).result()
        (early.exceptionOrNull() as SocketOpException).errno() shouldBe Errno.ENOTCONN
        server.accept()
        late.connect(server.localAddress())
        late.remoteAddress() shouldBe server.localAddress()
    }

    inEveryStyle("A22 what a peer wrote before it closed is told until it is read") {
        val pair = pair()
        pair.left().write("abcdef")
        pair.left().close()
        repeat(6) { pair.right().readPart(1).first.length shouldBe 1 }
        repeat(2) { pair.right().read(ByteBuffer.allocate(1)).isEnd shouldBe true }
    }
}
