package dev.ancilla.testkit

import dev.ancilla.Ancillary
import dev.ancilla.Feature
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.UnsupportedFeatureException
import dev.ancilla.spi.FdHandle
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.matchers.ints.shouldBeGreaterThanOrEqual
import io.kotest.matchers.ints.shouldBeLessThan
import io.kotest.matchers.shouldBe
import io.kotest.matchers.shouldNotBe
import java.io.FileDescriptor
import java.lang.reflect.Proxy
import java.util.concurrent.CompletableFuture
import java.util.concurrent.atomic.AtomicInteger

/** Sends, their completions and their counts; options; and what a provider does not have. */
internal fun ContractSpec.sending() {
    for (times in listOf(10, 100_000)) {
        scenario(
            "O25 row69 $times sends, each started by the completion before, end outside the call and grow no stack",
        ) {
            val socket = bound()
            socket.tryConnect(socket.localAddress())
            val received = AtomicInteger()
            socket.listen { _, _ -> received.incrementAndGet() }
            val end = CompletableFuture<Int>()
            var deepest = 0

            fun next(left: Int) {
                val send = socket.async().send(Message.of("again"))
                val inside = socket.eventLoop().inLoop() && send.isDone
                send.whenComplete { _, failure ->
                    if (left % 100 == 0) deepest = maxOf(deepest, Thread.currentThread().stackTrace.size)
                    when {
                        failure != null -> end.completeExceptionally(failure)
                        inside -> end.completeExceptionally(AssertionError("it completed inside the call"))
                        left == 1 -> end.complete(deepest)
                        else -> next(left - 1)
                    }
                }
            }
            // Begun on the loop: elsewhere a dependent stage may run at once, on the stack of who adds it.
            socket.eventLoop().execute { next(times) }

            end.join("the chain") shouldBeLessThan 100
            // UDP may lose messages once there are many.
            if (subject.isUnix || times == 10) until("all have come") { received.get() == times }
        }
    }

    scenario("O28 row77 nothing is queued before and after a send that need not wait") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        (sender.queuedSends() to sender.queuedBytes()) shouldBe (0 to 0L)

        sender.send("12345")
        sender.beginSend(Message.of("12345")).use {
            sender.beginSend(Message.of("67890")).use {
                (sender.queuedSends() to sender.queuedBytes()) shouldBe (2 to 10L)
            }
            (sender.queuedSends() to sender.queuedBytes()) shouldBe (1 to 5L)
        }

        (sender.queuedSends() to sender.queuedBytes()) shouldBe (0 to 0L)
    }

    inEveryStyle("a call without a target on a socket without a peer fails, and the socket is usable") {
        val receiver = bound()
        val sender = bound()

        shouldThrow<dev.ancilla.SocketOpException> { sender.send("nowhere") }.operation() shouldBe "send"

        sender.send("somewhere", receiver.localAddress())
        receiver.receiveText() shouldBe "somewhere"
    }

    inEveryStyle("a disconnected socket keeps its name and hears everybody again, if its provider can") {
        val peer = bound()
        val other = bound()
        val socket = bound()
        val name = socket.localAddress()
        socket.disconnect()
        socket.connect(peer.localAddress())

        if (Feature.DISCONNECT in socket.features()) {
            repeat(2) { socket.disconnect() }

            socket.remoteAddress() shouldBe null
            socket.localAddress() shouldBe name
            other.send("from another", name)
            socket.receiveText() shouldBe "from another"
            shouldThrow<dev.ancilla.SocketOpException> { socket.send("nowhere") }
            socket.connect(other.localAddress())
            socket.send("anew")
            other.receiveText() shouldBe "anew"
        } else {
            shouldThrow<UnsupportedFeatureException> { socket.disconnect() }.feature() shouldBe
                Feature.DISCONNECT
            socket.remoteAddress() shouldBe peer.localAddress()
        }
    }

    scenario(
        "buffer sizes are what was asked for or more, when opening and later, and less than 1 is refused",
    ) {
        val socket = open(Wish(sendBuffer = 20_000, receiveBuffer = 30_000))
        socket.sendBufferSize() shouldBeGreaterThanOrEqual 20_000
        socket.receiveBufferSize() shouldBeGreaterThanOrEqual 30_000
        val before = socket.sendBufferSize() to socket.receiveBufferSize()

        socket.sendBufferSize(50_000)
        socket.receiveBufferSize(60_000)

        socket.sendBufferSize() shouldBeGreaterThanOrEqual 50_000
        socket.receiveBufferSize() shouldBeGreaterThanOrEqual 60_000
        (socket.sendBufferSize() to socket.receiveBufferSize()) shouldNotBe before
        for (size in listOf(0, -1)) {
            shouldThrow<IllegalArgumentException> { socket.sendBufferSize(size) }
            shouldThrow<IllegalArgumentException> { socket.receiveBufferSize(size) }
            shouldThrow<IllegalArgumentException> { subject.open(Wish(sendBuffer = size)) }
            shouldThrow<IllegalArgumentException> { subject.open(Wish(receiveBuffer = size)) }
            shouldThrow<IllegalArgumentException> { subject.open(Wish(limit = size)) }
        }
    }

    scenario("a feature is there or asking for it is refused with its name") {
        val declared = open().features()
        for (feature in Feature.values()) {
            withClue(feature) {
                if (feature in declared) {
                    subject.openWith(feature).use { it.features() shouldBe declared }
                } else {
                    val refusal = shouldThrow<UnsupportedFeatureException> { subject.openWith(feature) }
                    refusal.feature() shouldBe feature
                    refusal.provider() shouldBe subject.provider
                }
            }
        }
    }

    inEveryStyle("descriptors on a socket that cannot pass them are refused before anything is sent") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        if (Feature.FD_PASSING !in sender.features()) {
            val message = Message.of("with").with(Ancillary.lend(OwnedFd.wrap(someHandle())))
            repeat(2) {
                shouldThrow<UnsupportedFeatureException> { sender.send(message) }.feature() shouldBe
                    Feature.FD_PASSING
            }
            sender.queuedSends() shouldBe 0
        }
        sender.send("without")
        receiver.receiveText() shouldBe "without"
    }
}

/** Of no descriptor: who cannot pass any opens none either. It is closed by nobody. */
internal fun someHandle(): FdHandle =
    Proxy.newProxyInstance(FdHandle::class.java.classLoader, arrayOf(FdHandle::class.java)) { _, method, _ ->
        when (method.name) {
            "number" -> -1
            "fileDescriptor" -> FileDescriptor()
            else -> null
        }
    } as FdHandle
