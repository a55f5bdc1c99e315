package dev.ancilla.junix

import dev.ancilla.Errno
import dev.ancilla.Message
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import java.net.StandardProtocolFamily
import java.net.UnixDomainSocketAddress
import java.nio.channels.ServerSocketChannel
import java.nio.file.Files

/** A send that the kernel refuses says why, and harms nothing. */
class RefusedSendTest : RowSpec({
    test("A1 a refused send leaves our socket alive") {
        val stale = stalePath(directory.resolve("stale"))
        val file = UnixAddress.path(Files.writeString(directory.resolve("file"), "text"))
        bound().use { peer ->
            bound().use { socket ->
                val name = socket.localAddress()
                repeat(3) {
                    socket.refusal(stale).errno() shouldBe Errno.ECONNREFUSED
                    socket.refusal(file).errno() shouldBe Errno.ECONNREFUSED
                    socket.refusal(stale, Message.empty()).errno() shouldBe Errno.ECONNREFUSED
                    socket.refusal(UnixAddress.path(directory)).errno() shouldBe Errno.ECONNREFUSED
                    socket.refusal(null).errno() shouldBe Errno.ENOTCONN
                }
                socket.isOpen shouldBe true
                socket.localAddress() shouldBe name
                socket.send("still here", peer.localAddress())
                peer.receive().use {
                    it.text() shouldBe "still here"
                    it.sender() shouldBe name
                }
                peer.send("and reachable", name)
                socket.receiveText() shouldBe "and reachable"
            }
        }
    }

    test("A1 a receive that waits survives refused sends of its socket") {
        val stale = stalePath(directory.resolve("stale2"))
        bound().use { peer ->
            bound().use { socket ->
                val receive = elsewhere { socket.receiveText() }
                parked(receive)
                repeat(50) { socket.refusal(stale).errno() shouldBe Errno.ECONNREFUSED }
                peer.send("at last", socket.localAddress())
                receive.get() shouldBe "at last"
            }
        }
    }

    test("a refused send names the peer and the socket, also when it was connected") {
        bound().use { socket ->
            val gone = bound().use { it.localAddress().also(socket::tryConnect) }
            for (errno in listOf(Errno.ECONNREFUSED, Errno.ENOTCONN)) {
                val failure = socket.refusal(null)
                failure.errno() shouldBe errno
                failure.remoteAddress() shouldBe gone
                failure.localAddress() shouldBe socket.localAddress()
            }
        }
    }

    test("A1 a connected socket survives the death of its peer and connects to the next") {
        bound().use { socket ->
            val first = bound()
            val name = first.localAddress()
            socket.tryConnect(name)
            first.close()
            socket.refusal(null).errno() shouldBe Errno.ECONNREFUSED
            socket.refusal(null).errno() shouldBe Errno.ENOTCONN
            Sockets.unixDgram().bind(name).use { second ->
                socket.tryConnect(name)
                socket.send("hello again", null)
                second.receiveText() shouldBe "hello again"
            }
        }
    }

    test("A11 a closed descriptor is refused before the socket is touched") {
        val closed = fileWith("x").apply { close() }
        bound().use { socket ->
            val failure =
                shouldThrow<IllegalArgumentException> {
                    socket.trySend(Message.of("x").to(socket.localAddress()).with(closed))
                }
            failure.message shouldContain "closed"
            socket.send("still here", socket.localAddress())
            socket.receiveText() shouldBe "still here"
        }
    }

    test("A14 a peer that connects elsewhere is told once and the socket lives on") {
        bound().use { socket ->
            bound().use { peer ->
                bound().use { other ->
                    socket.tryConnect(peer.localAddress())
                    peer.tryConnect(socket.localAddress())
                    socket.send("never read", null)
                    peer.tryConnect(other.localAddress())

                    shouldThrow<SocketOpException> { socket.receive() }.errno() shouldBe Errno.ECONNRESET
                    socket.tryReceive() shouldBe null
                    socket.tryConnect(other.localAddress())
                    other.tryConnect(socket.localAddress())
                    other.send("a new friend", null)
                    socket.receiveText() shouldBe "a new friend"
                }
            }
        }
    }

    test("A14 a receive that waits is told that its peer connected elsewhere and the next one waits on") {
        repeat(20) {
            bound().use { socket ->
                bound().use { peer ->
                    bound().use { other ->
                        socket.tryConnect(peer.localAddress())
                        peer.tryConnect(socket.localAddress())
                        socket.send("never read", null)
                        val receive = elsewhere { runCatching { socket.receiveText() } }
                        parked(receive)
                        peer.tryConnect(other.localAddress())
                        val failure = receive.get().exceptionOrNull()
                        (failure as? SocketOpException)?.errno() shouldBe Errno.ECONNRESET

                        val next = elsewhere { socket.receiveText() }
                        parked(next)
                        socket.tryConnect(other.localAddress())
                        other.tryConnect(socket.localAddress())
                        other.send("a new friend", null)
                        next.get() shouldBe "a new friend"
                    }
                }
            }
        }
    }

    test("A22 after an error of the socket both its receiver and its sender go on") {
        bound().use { socket ->
            bound().use { peer ->
                bound().use { other ->
                    socket.tryConnect(peer.localAddress())
                    peer.tryConnect(socket.localAddress())
                    socket.fill(null)
                    val receive = elsewhere { runCatching { socket.receiveText() } }
                    val send = elsewhere { runCatching { socket.send("late", null) } }
                    parked(receive, send)
                    peer.tryConnect(other.localAddress())
                    // Which of the two meets the error first is the kernel's choice.
                    until("somebody is told") { !receive.thread.isAlive || !send.thread.isAlive }
                    while (peer.tryReceive()?.use { true } == true) {
                        // Makes room, should the sender still wait for some.
                    }
                    socket.tryConnect(other.localAddress())
                    other.tryConnect(socket.localAddress())
                    other.send("for whoever still waits", null)
                    receive.get()
                    send.get()
                    socket.isOpen shouldBe true
                }
            }
        }
    }

    test("B11 every refusal has its errno, its operation and its addresses") {
        val missing = UnixAddress.path(directory.resolve("missing"))
        val notDirectory =
            UnixAddress.path(
                Files.writeString(directory.resolve("plain"), "").resolve("below"),
            )
        val loop = Files.createSymbolicLink(directory.resolve("loop"), directory.resolve("loop"))
        val stream = directory.resolve("stream")
        ServerSocketChannel.open(StandardProtocolFamily.UNIX).use { server ->
            server.bind(UnixDomainSocketAddress.of(stream))
            bound().use { socket ->
                val expected =
                    mapOf(
                        missing to Errno.ENOENT,
                        notDirectory to Errno.ENOTDIR,
                        UnixAddress.path(loop) to Errno.ELOOP,
                        UnixAddress.path(stream) to Errno.EPROTOTYPE,
                        UnixAddress.abstractName("nobody is here") to Errno.ECONNREFUSED,
                    )
                for ((target, errno) in expected) {
                    withClue(target) {
                        val failure = socket.refusal(target)
                        failure.errno() shouldBe errno
                        failure.operation() shouldBe "send"
                        failure.remoteAddress() shouldBe target
                        failure.message shouldContain "send $errno $target: "
                        shouldThrow<SocketOpException> { socket.tryConnect(target) }.errno() shouldBe errno
                    }
                }
                bound().use { other ->
                    socket.tryConnect(socket.localAddress())
                    other.refusal(socket.localAddress()).errno() shouldBe Errno.EPERM
                }
            }
        }
    }

    test("A20 a send that waits is told when its target dies") {
        for (connected in listOf(false, true)) {
            bound().use { sender ->
                val receiver = bound()
                val target = receiver.localAddress()
                if (connected) sender.tryConnect(target)
                val to = target.takeUnless { connected }
                sender.fill(to)
                val send = elsewhere { runCatching { sender.send("late", to) } }
                parked(send)
                receiver.close()
                (send.get().exceptionOrNull() as? SocketOpException)?.errno() shouldBe Errno.ECONNREFUSED
                bound().use {
                    sender.send("still here", it.localAddress())
                    it.receiveText() shouldBe "still here"
                }
            }
        }
    }
})
