package dev.ancilla.testkit

import dev.ancilla.Ancillary
import dev.ancilla.Errno
import dev.ancilla.OwnedFd
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.StreamSocket
import dev.ancilla.UnixAddress
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.ints.shouldBeGreaterThan
import io.kotest.matchers.shouldBe
import io.kotest.matchers.types.shouldBeInstanceOf
import java.net.SocketTimeoutException
import java.nio.ByteBuffer
import java.nio.channels.ClosedChannelException
import java.nio.file.Files
import java.nio.file.attribute.PosixFilePermissions
import java.time.Duration
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CyclicBarrier
import kotlin.random.Random

/** Servers: accepting, pausing, and what may not end them. */
internal fun StreamContract.serving() {
    inEveryStyle("O55 a paused server accepts nobody, a resumed one both, and theirs outlive it") {
        val server = server()
        server.pause()
        val accepts = List(2) { style.accept(server) }
        val clients = List(2) { clientOf(server) }
        accepts[0].expectWaiting()
        server.tryAccept() shouldBe null

        server.resume()
        val accepted = accepts.map { keep(it.await()) }
        server.close()

        clients.forEachIndexed { n, client -> client.write("$n") }
        accepted.map { it.readExactly(1).first }.toSet() shouldBe setOf("0", "1")
        shouldThrow<IllegalArgumentException> { OwnedFd.of(-1) }
        val adopting = open()
        shouldThrow<SocketOpException> { adopting.tryConnect(freshAddress()) }
        adopting.connect(server().localAddress())
    }

    inEveryStyle("connecting waits for a full backlog, and can be given up") {
        val server = server { backlog(0) }
        clientOf(server)
        val late = open()
        late.tryConnect(server.localAddress()) shouldBe false
        shouldThrow<SocketTimeoutException> {
            late.blocking().connect(server.localAddress(), Duration.ofMillis(50))
        }
        val connect = style.connect(late, server.localAddress())
        connect.expectWaiting()
        connect.cancel()
        connect.expectThrown(style.givenUp)

        val again = style.connect(late, server.localAddress())
        again.expectWaiting()
        server.accept()
        again.await()
        late.write("in")
        server.accept().readExactly(2).first shouldBe "in"
    }

    inEveryStyle("a refused connect leaves the socket to try again") {
        val socket = open()
        val nowhere = style.connect(socket, freshAddress()).result().exceptionOrNull()
        (nowhere as SocketOpException).errno() shouldBe Errno.ENOENT
        val stale = freshPath()
        Sockets.unixServer().unlinkOnClose(false).listen(UnixAddress.path(stale)).close()
        val nobody = style.connect(socket, UnixAddress.path(stale)).result().exceptionOrNull()
        (nobody as SocketOpException).errno() shouldBe Errno.ECONNREFUSED
        val server = server()
        socket.connect(server.localAddress())
        socket.write("at last")
        server.accept().readExactly(7).first shouldBe "at last"
    }

    inEveryStyle("closing a server ends those who wait to accept") {
        val open = server()
        val paused = server().also { it.pause() }
        val calls = listOf(open, paused).flatMap { server -> List(2) { style.accept(server) } }
        calls.last().expectWaiting()
        open.close()
        paused.close()
        calls.forEach { it.result().exceptionOrNull().shouldBeInstanceOf<ClosedChannelException>() }
    }

    inEveryStyle("an accept that is given up leaves the connection to the next") {
        val server = server()
        val given = style.accept(server)
        given.expectWaiting()
        given.cancel()
        given.expectThrown(style.givenUp)
        clientOf(server).write("x")
        server.accept().readExactly(1).first shouldBe "x"
    }

    inEveryStyle("whom the list does not allow is cut off, and the others are served") {
        val own = clientOf(server()).peerCredentials()
        val strict = server { allowUser(own.uid() + 1).allowGroup(own.gid() + 1) }
        val refused = clientOf(strict)
        strict.tryAccept() shouldBe null
        refused.read(ByteBuffer.allocate(1)).isEnd shouldBe true
        for (server in listOf(server { allowUser(own.uid()) }, server { allowGroup(own.gid()) })) {
            clientOf(server).write("x")
            server.accept().readExactly(1).first shouldBe "x"
        }
        val nobody = server { allowUser() }
        clientOf(nobody)
        nobody.tryAccept() shouldBe null
    }

    scenario("mode and group are on the file, a live server is never replaced, and a dead one on request") {
        val address = freshAddress()
        val path = address.toPath()
        val group = Files.getAttribute(directory, "unix:gid").toString()
        val first =
            keep(Sockets.unixServer().mode(0x1B0).group(group).unlinkOnClose(false).listen(address))
        PosixFilePermissions.toString(Files.getPosixFilePermissions(path)) shouldBe "rw-rw----"
        for (builder in listOf(Sockets.unixServer(), Sockets.unixServer().replaceStale())) {
            shouldThrow<SocketOpException> { builder.listen(address) }.errno() shouldBe Errno.EADDRINUSE
        }
        first.close()
        shouldThrow<SocketOpException> { Sockets.unixServer().listen(address) }.errno() shouldBe
            Errno.EADDRINUSE
        keep(Sockets.unixServer().replaceStale().listen(address)).close()
        Files.exists(path) shouldBe false
        shouldThrow<SocketOpException> { Sockets.unixServer().group("no such group").listen(freshAddress()) }
            .errno() shouldBe Errno.EINVAL
    }

    scenario("of those who replace a dead server at the same time one does") {
        val address = freshAddress()

        fun replace() = Sockets.unixServer().replaceStale().unlinkOnClose(false).listen(address)
        repeat(300) {
            replace().close()
            val start = CyclicBarrier(3)
            val racers =
                List(3) {
                    CompletableFuture.supplyAsync({
                        start.await()
                        runCatching { replace() }
                    }, { task -> Thread(task).start() })
                }
            val (won, lost) = racers.map { it.join() }.partition { it.isSuccess }
            won.forEach { it.getOrThrow().close() }
            won.size shouldBe 1
            lost.forEach { (it.exceptionOrNull() as SocketOpException).errno() shouldBe Errno.EADDRINUSE }
        }
    }

    for (how in listOf(AsyncStreams, ListeningStreams)) {
        scenario("row124 a server out of descriptors goes on when there are some ($how)") {
            val child = keep(Child.start("accept", freshPath().toString(), "$how"))
            child.line() shouldBe "ready"
            child.line() shouldBe "waited"
            child.line() shouldBe "accepted"
            child.exit() shouldBe 0
        }
    }

    scenario("10,000 connections that come and go at random leave no descriptor") {
        val server = server()
        val random = Random(10_000)
        val lent = fileWith("lent")
        val alive = ArrayDeque<StreamSocket>()
        var accepted = 0
        repeat(10_000) { n ->
            val client =
                keepShortly(alive, Sockets.unixStream().maxDescriptors(2).connect(server.localAddress()))
            when (random.nextInt(4)) {
                0 -> client.tryWrite(listOf(bytes("abc")), Ancillary.lend(lent, lent))
                1 -> client.tryWrite(bytes("abc"))
                2 -> client.close()
            }
            if (random.nextInt(8) > 0) {
                server.tryAccept()?.let { socket ->
                    accepted++
                    keepShortly(alive, socket)
                    if (random.nextBoolean()) runCatching { socket.tryReadExactly(ByteBuffer.allocate(9)) }
                }
            }
            while (alive.size > 50) alive.removeAt(random.nextInt(alive.size)).close()
            if (n % 500 == 0) generateSequence(server::tryAccept).forEach(StreamSocket::close)
        }
        alive.forEach(StreamSocket::close)
        accepted shouldBeGreaterThan 5_000
    }
}

private fun keepShortly(alive: ArrayDeque<StreamSocket>, socket: StreamSocket) = socket.also(alive::add)
