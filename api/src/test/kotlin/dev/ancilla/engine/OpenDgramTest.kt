package dev.ancilla.engine

import dev.ancilla.Feature
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.UnsupportedFeatureException
import dev.ancilla.scripted.ScriptedFd
import dev.ancilla.scripted.ScriptedTransport
import dev.ancilla.scripted.await
import dev.ancilla.scripted.call
import dev.ancilla.scripted.socketOver
import dev.ancilla.scripted.waitFor
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldContain
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldStartWith
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.UnixDomainSocketAddress
import java.nio.ByteBuffer
import java.nio.channels.AlreadyBoundException
import java.nio.channels.AlreadyConnectedException
import java.nio.channels.ClosedChannelException
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.CountDownLatch

class OpenDgramTest : FunSpec({
    val alice = UnixAddress.abstractName("alice")
    val bob = UnixAddress.abstractName("bob")
    val loopback = InetAddress.getLoopbackAddress()

    test("every member of a closed socket says that it is closed, and for what it was called") {
        val socket = socketOver(ScriptedTransport())
        socket.close()
        socket.close()
        val payload = ByteBuffer.wrap(byteArrayOf(1))
        val calls: Map<String, () -> Any?> =
            mapOf(
                "bind unix:@alice" to { socket.bind(alice) },
                "connect unix:@alice" to { socket.tryConnect(alice) },
                "disconnect" to { socket.disconnect() },
                "receive" to { socket.tryReceive() },
                "send unix:@alice" to { socket.trySend(Message.of("x").to(alice)) },
                "send" to { socket.trySend(payload, null) },
                "send unix:@bob" to { socket.beginSend(Message.of("x").to(bob)) },
                "getsockname" to { socket.localAddress() },
                "getpeername" to { socket.remoteAddress() },
                "getsockopt" to { socket.sendBufferSize() + socket.receiveBufferSize() },
                "setsockopt" to { socket.sendBufferSize(1) },
                "queuedSends" to { socket.queuedSends() },
                "queuedBytes" to { socket.queuedBytes() },
                "maxDescriptors" to { socket.maxDescriptors() },
                "listen" to { socket.listen { _, _ -> } },
            )
        for ((operation, call) in calls) {
            shouldThrow<ClosedChannelException> { call() }.message shouldBe "$operation: the socket is closed"
        }
        payload.remaining() shouldBe 1
        socket.isOpen shouldBe false
        socket.toString() shouldBe "socket(closed)"
        socket.provider() shouldBe "scripted"
        socket.keepProcessAlive(true)
    }

    test("a socket is bound once") {
        socketOver(ScriptedTransport()).use { socket ->
            socket.bind(alice)
            shouldThrow<AlreadyBoundException> { socket.bind(bob) }.message shouldBe
                "bind unix:@bob: the socket is already bound to unix:@alice"
            socket.localAddress() shouldBe alice
        }
    }

    test("a Unix socket is connected anew, a UDP socket is not") {
        socketOver(ScriptedTransport()).use { socket ->
            socket.tryConnect(alice)
            socket.tryConnect(bob)
            socket.remoteAddress() shouldBe bob
        }
        Sockets.udp().connect(InetSocketAddress(loopback, 9)).use { socket ->
            val wanted = InetSocketAddress(loopback, 10)
            shouldThrow<AlreadyConnectedException> { socket.tryConnect(wanted) }.message shouldBe
                "connect $wanted: the socket is already connected to ${socket.remoteAddress()}"
        }
    }

    test("a refused connect leaves the socket as it was") {
        socketOver(ScriptedTransport()).use { socket ->
            socket.tryConnect(alice)
            shouldThrow<dev.ancilla.SocketOpException> { socket.tryConnect(ScriptedTransport.NOBODY) }
            socket.remoteAddress() shouldBe alice
        }
    }

    test("addresses of another family are refused before any attempt") {
        val inet = InetSocketAddress(loopback, 80)
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            shouldThrow<IllegalArgumentException> { socket.bind(inet) }.message shouldBe
                "bind $inet: not a Unix address"
            shouldThrow<IllegalArgumentException> { socket.tryConnect(inet) }.message shouldBe
                "connect $inet: not a Unix address"
            shouldThrow<IllegalArgumentException> {
                socket.trySend(
                    Message.of("x").to(inet),
                )
            }.message shouldBe
                "send $inet: not a Unix address"
        }
        transport.sendAttempts.get() shouldBe 0
        Sockets.udp().open().use { socket ->
            shouldThrow<IllegalArgumentException> { socket.bind(alice) }.message shouldBe
                "bind unix:@alice: not an Internet address"
        }
    }

    test("a name that is not resolved and port 0 are no targets") {
        Sockets.udp().open().use { socket ->
            val unresolved = InetSocketAddress.createUnresolved("somewhere.invalid", 80)
            shouldThrow<IllegalArgumentException> { socket.trySend(Message.of("x").to(unresolved)) }
                .message shouldBe "send $unresolved: the name is not resolved"
            val port0 = InetSocketAddress(loopback, 0)
            shouldThrow<IllegalArgumentException> { socket.tryConnect(port0) }.message shouldBe
                "connect $port0: port 0 is no target, ports are within 1..65535"
            socket.bind(port0)
            (socket.localAddress().port > 0) shouldBe true
        }
    }

    test("the unnamed address and the request to autobind are no targets") {
        socketOver(ScriptedTransport()).use { socket ->
            for (nowhere in listOf(UnixAddress.unnamed(), UnixAddress.autobind())) {
                shouldThrow<IllegalArgumentException> { socket.trySend(Message.of("x").to(nowhere)) }
                    .message shouldBe "send $nowhere: nobody can be reached at this address"
                shouldThrow<IllegalArgumentException> { socket.tryConnect(nowhere) }
            }
            shouldThrow<IllegalArgumentException> { socket.bind(UnixAddress.unnamed()) }
                .message shouldContain "the unnamed address cannot be bound"
        }
    }

    test("the JDK's type of a socket file is taken wherever an address is") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            socket.trySend(Message.of("x").to(UnixDomainSocketAddress.of("/run/x.sock"))) shouldBe true
            socket.tryConnect(UnixDomainSocketAddress.of("/run/x.sock"))
            socket.remoteAddress() shouldBe UnixAddress.path("/run/x.sock")
            transport.sent.single().target shouldBe UnixAddress.path("/run/x.sock")
        }
    }

    test("a message with more than 253 descriptors is refused, and none is held") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val handles = List(254) { ScriptedFd() }
            val fds = handles.map { OwnedFd.wrap(it) }
            val message = Message.of("x").to(alice)
            shouldThrow<IllegalArgumentException> { socket.trySend(message.with(*fds.toTypedArray())) }
                .message shouldBe "send unix:@alice: 254 descriptors, at most 253 fit one message"
            socket.trySend(message.with(*fds.drop(1).toTypedArray())) shouldBe true
            fds.forEach { it.close() }
            handles.map { it.closes.get() }.toSet() shouldBe setOf(1)
            transport.sent.single().descriptors shouldBe handles.drop(1).map { it.number() }
        }
    }

    test("a closed descriptor is named by its position, and the others are let go") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val handles = List(3) { ScriptedFd() }
            val fds = handles.map { OwnedFd.wrap(it) }
            fds[1].close()
            val message = Message.of("x").to(alice).with(*fds.toTypedArray())
            shouldThrow<IllegalArgumentException> { socket.trySend(message) }.message shouldBe
                "send unix:@alice: descriptor 2 of 3 is closed"
            shouldThrow<IllegalArgumentException> { socket.beginSend(message) }
            fds.forEach { it.close() }
            handles.map { it.closes.get() } shouldBe listOf(1, 1, 1)
            transport.sendAttempts.get() shouldBe 0
            socket.queuedSends() shouldBe 0
        }
    }

    test("descriptors and disconnecting are refused where the provider lacks them") {
        val transport = ScriptedTransport()
        socketOver(transport, features = emptySet()).use { socket ->
            OwnedFd.wrap(ScriptedFd()).use { fd ->
                val failure =
                    shouldThrow<UnsupportedFeatureException> {
                        socket.trySend(
                            Message.of("x").to(alice).with(fd),
                        )
                    }
                failure.feature() shouldBe Feature.FD_PASSING
                failure.provider() shouldBe "scripted"
                failure.message shouldStartWith
                    "send with 1 descriptors needs FD_PASSING, which provider scripted lacks here; it is in "
            }
            socket.disconnect()
            socket.tryConnect(alice)
            shouldThrow<UnsupportedFeatureException> { socket.disconnect() }.feature() shouldBe
                Feature.DISCONNECT
            socket.remoteAddress() shouldBe alice
        }
        transport.sendAttempts.get() shouldBe 1
    }

    test("a send that would block says so and leaves its buffer alone") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            transport.fill(alice)
            val payload = ByteBuffer.wrap("hello".toByteArray())
            socket.trySend(payload, alice) shouldBe false
            payload.remaining() shouldBe 5
            socket.trySend(Message.of("x").to(alice)) shouldBe false
            socket.queuedSends() shouldBe 0
            transport.makeRoom(alice)
            socket.trySend(payload, alice) shouldBe true
            payload.remaining() shouldBe 0
        }
    }

    test("a pending send is ended once, however often it is closed") {
        socketOver(ScriptedTransport()).use { socket ->
            val handle = ScriptedFd()
            val fd = OwnedFd.wrap(handle)
            val send = socket.beginSend(Message.of("12345").to(alice).with(fd))
            socket.queuedSends() shouldBe 1
            socket.queuedBytes() shouldBe 5
            fd.close()
            handle.closes.get() shouldBe 0
            repeat(3) { send.close() }
            handle.closes.get() shouldBe 1
            socket.queuedSends() shouldBe 0
            socket.queuedBytes() shouldBe 0
        }
    }

    test("buffer sizes below 1 are refused") {
        socketOver(ScriptedTransport()).use { socket ->
            shouldThrow<IllegalArgumentException> { socket.sendBufferSize(0) }.message shouldBe
                "sendBufferSize is 0, less than 1"
            shouldThrow<IllegalArgumentException> { socket.receiveBufferSize(-5) }.message shouldBe
                "receiveBufferSize is -5, less than 1"
            socket.sendBufferSize(1)
        }
    }

    test("the end of a socket is told on the loop, to those who asked before and after") {
        val transport = ScriptedTransport()
        val socket = socketOver(transport)
        val seen = CopyOnWriteArrayList<String>()
        socket.closed().thenRun { seen += "before: ${Thread.currentThread().name}" }
        socket.close()
        waitFor(listOf("before: scripted-loop")) { seen.toList() }
        socket.closed().thenRun { seen += "after" }
        waitFor(2) { seen.size }
        seen shouldContain "after"
    }

    test("the end of a socket is not told to who asks while it is being closed, until it is") {
        val transport = ScriptedTransport()
        val socket = socketOver(transport)
        val inside = CountDownLatch(1)
        val proceed = CountDownLatch(1)
        transport.duringClose = {
            inside.countDown()
            proceed.await()
        }
        val closing = CompletableFuture.runAsync(socket::close)
        inside.await()
        socket.isOpen shouldBe false
        val end = socket.closed().toCompletableFuture()
        end.isDone shouldBe false
        proceed.countDown()
        end.await()
        closing.await()
    }

    test("who holds the end of a socket cannot end it") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            socket.closed().toCompletableFuture().complete(null)
            transport.loop.call {}
            socket.isOpen shouldBe true
            socket.closed().toCompletableFuture().isDone shouldBe false
        }
    }

    test("a socket tells both its addresses") {
        socketOver(ScriptedTransport()).use { socket ->
            socket.toString() shouldBe "socket(unix:)"
            socket.bind(alice)
            socket.tryConnect(bob)
            socket.toString() shouldBe "socket(unix:@alice -> unix:@bob)"
        }
    }
})
