package dev.ancilla.coroutines

import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.coroutines.samples.sendDescriptor
import dev.ancilla.spi.FdHandle
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import java.lang.reflect.Proxy
import java.net.InetAddress
import java.net.InetSocketAddress
import java.nio.ByteBuffer
import java.nio.channels.ClosedChannelException
import java.util.concurrent.atomic.AtomicInteger

class SendTest : FunSpec({
    timeout = 60_000

    /** A descriptor that only has a number and counts how often it is closed. */
    class Handle {
        val closes = AtomicInteger()
        val fd: OwnedFd =
            OwnedFd.wrap(
                Proxy.newProxyInstance(
                    FdHandle::class.java.classLoader,
                    arrayOf(FdHandle::class.java),
                ) { _, method, _ ->
                    when (method.name) {
                        "number" -> 1234
                        "close" -> closes.incrementAndGet().let { null }
                        else -> error("not expected: $method")
                    }
                } as FdHandle,
            )
    }

    test("texts, buffers and messages arrive, at a target and at the connected peer") {
        DirectedUdp().socket().use { socket ->
            val self = socket.localAddress()
            socket.send("text", self)
            socket.receive().text() shouldBe "text"
            socket.connect(self)
            val payload = ByteBuffer.wrap("buffer".toByteArray())
            socket.send(payload)
            payload.hasRemaining() shouldBe false
            socket.send(Message.of("message"))
            List(2) { socket.receive().text() } shouldContainExactly listOf("buffer", "message")
        }
    }

    test("a send suspends while its target is full, and holds its descriptors meanwhile") {
        val udp = DirectedUdp()
        udp.socket().use { socket ->
            udp.fill()
            val handle = Handle()
            coroutineScope {
                val message = Message.of("hello").to(socket.localAddress()).with(handle.fd)
                val sending = launch { socket.send(message) }
                waitUntil { udp.armed.get() == 1 }
                socket.queuedSends() shouldBe 1
                socket.queuedBytes() shouldBe 5
                handle.fd.close()
                handle.closes.get() shouldBe 0
                udp.makeRoom()
                sending.join()
            }
            handle.closes.get() shouldBe 1
            udp.sentDescriptors.toList() shouldBe listOf(1234)
            socket.queuedSends() shouldBe 0
            socket.receive().text() shouldBe "hello"
        }
    }

    test("a send cancelled while it waits has sent nothing and lets everything go") {
        val udp = DirectedUdp()
        udp.socket().use { socket ->
            udp.fill()
            val handle = Handle()
            val payload = ByteBuffer.wrap("hello".toByteArray())
            coroutineScope {
                val jobs =
                    listOf(
                        launch { socket.send(payload, socket.localAddress()) },
                        launch { socket.send(Message.of("x").to(socket.localAddress()).with(handle.fd)) },
                    )
                waitUntil { udp.armed.get() == 2 }
                handle.fd.close()
                jobs.forEach { it.cancel() }
            }
            payload.remaining() shouldBe 5
            handle.closes.get() shouldBe 1
            udp.cancelled.get() shouldBe 2
            socket.queuedSends() shouldBe 0
            udp.makeRoom()
            socket.tryReceive() shouldBe null
        }
    }

    test("closing the socket ends a send that waits") {
        val udp = DirectedUdp()
        val socket = udp.socket()
        udp.fill()
        val target = socket.localAddress()
        coroutineScope {
            val failure =
                async(
                    Dispatchers.Default,
                ) { shouldThrow<ClosedChannelException> { socket.send("x", target) } }
            waitUntil { udp.armed.get() == 1 }
            socket.close()
            failure.await().message shouldBe "send $target: the socket is closed"
        }
    }

    test("what cannot be sent is refused at once, and nothing stays queued") {
        DirectedUdp().socket().use { socket ->
            val port0 = InetSocketAddress(InetAddress.getLoopbackAddress(), 0)
            shouldThrow<IllegalArgumentException> { socket.send("x", port0) }
            shouldThrow<IllegalArgumentException> { socket.connect(port0) }
            val closed = Handle().fd.also { it.close() }
            shouldThrow<IllegalArgumentException> {
                socket.send(Message.of("x").to(socket.localAddress()).with(closed))
            }.message shouldBe "send ${socket.localAddress()}: descriptor 1 of 1 is closed"
            socket.queuedSends() shouldBe 0
        }
    }

    test("sends and connects are made on the loop where the transport wants it") {
        val udp = DirectedUdp(loopOnly = true)
        udp.socket().use { socket ->
            socket.connect(socket.localAddress())
            socket.remoteAddress() shouldBe socket.localAddress()
            socket.send("hello")
            socket.receive().text() shouldBe "hello"
        }
    }

    test("the sample passes its descriptor and closes its own") {
        val udp = DirectedUdp()
        udp.socket().use { socket ->
            socket.connect(socket.localAddress())
            val handle = Handle()
            sendDescriptor(socket) { handle.fd }
            udp.sentDescriptors.toList() shouldBe listOf(1234)
            handle.closes.get() shouldBe 1
        }
    }
})
