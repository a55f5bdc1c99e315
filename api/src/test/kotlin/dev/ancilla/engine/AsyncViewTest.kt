package dev.ancilla.engine

import dev.ancilla.EventLoop
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.SocketOpException
import dev.ancilla.UnixAddress
import dev.ancilla.scripted.ScriptedFd
import dev.ancilla.scripted.ScriptedTransport
import dev.ancilla.scripted.await
import dev.ancilla.scripted.call
import dev.ancilla.scripted.socketOver
import dev.ancilla.scripted.waitFor
import dev.ancilla.scripted.whileBusy
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.comparables.shouldBeLessThanOrEqualTo
import io.kotest.matchers.shouldBe
import io.kotest.matchers.types.shouldBeInstanceOf
import java.net.UnixDomainSocketAddress
import java.nio.channels.ClosedChannelException
import java.util.concurrent.CompletableFuture
import java.util.concurrent.ExecutionException
import java.util.concurrent.atomic.AtomicInteger
import java.util.concurrent.atomic.AtomicReference

class AsyncViewTest : FunSpec({
    val alice = UnixAddress.abstractName("alice")
    val bob = UnixAddress.abstractName("bob")

    test("receives complete in the order in which they were started") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val futures = List(3) { socket.async().receive() }
            waitFor(1) { transport.armed() }
            listOf("a", "b", "c").forEach { transport.arrive(it) }
            futures.map { it.await().text() } shouldContainExactly listOf("a", "b", "c")
        }
    }

    test("a future completes on the loop, never inside the call that made it") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            transport.arrive("here already")
            val thread = CompletableFuture<String>()
            transport.loop.whileBusy {
                val future = socket.async().receive()
                future.isDone shouldBe false
                future.thenRun { thread.complete(Thread.currentThread().name) }
            }
            thread.await() shouldBe "scripted-loop"
        }
    }

    test("a wake without a message ends nothing") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val future = socket.async().receive()
            repeat(5) { spurious ->
                waitFor(1) { transport.armed() }
                transport.fire(dev.ancilla.spi.Interest.READ)
                waitFor(spurious + 2) { transport.receiveAttempts.get() }
            }
            future.isDone shouldBe false
            transport.arrive("at last")
            future.await().text() shouldBe "at last"
        }
    }

    test("sends to one target keep their order, and a full target holds up no other") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            transport.fill(alice)
            val toAlice = List(3) { socket.async().send(Message.of("alice $it").to(alice)) }
            val toBob = List(3) { socket.async().send(Message.of("bob $it").to(bob)) }

            toBob.forEach { it.await() }
            toAlice.any { it.isDone } shouldBe false
            transport.makeRoom(alice)
            toAlice.forEach { it.await() }

            transport.sent.filter { it.target == alice }.map { it.text } shouldContainExactly
                listOf("alice 0", "alice 1", "alice 2")
            transport.sent.filter { it.target == bob }.map { it.text } shouldContainExactly
                listOf("bob 0", "bob 1", "bob 2")
        }
    }

    test("the JDK's type of an address is the same target") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val target = UnixAddress.path("/tmp/x.sock")
            transport.fill(target)
            val first = socket.async().send(Message.of("1").to(target))
            val second = socket.async().send(Message.of("2").to(UnixDomainSocketAddress.of("/tmp/x.sock")))
            waitFor(1) { transport.armed() }
            transport.loop.call {}
            transport.armed() shouldBe 1
            transport.makeRoom(target)
            CompletableFuture.allOf(first, second).await()
            transport.sent.map { it.text } shouldContainExactly listOf("1", "2")
        }
    }

    test("what the sends hold is counted until they end") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            transport.fill(alice)
            val futures = listOf("1", "22", "333").map { socket.async().send(Message.of(it).to(alice)) }
            socket.queuedSends() shouldBe 3
            socket.queuedBytes() shouldBe 6

            futures[1].cancel(false) shouldBe true
            socket.queuedSends() shouldBe 2
            socket.queuedBytes() shouldBe 4

            transport.makeRoom(alice)
            futures[2].await()
            socket.queuedSends() shouldBe 0
            socket.queuedBytes() shouldBe 0
            transport.sent.map { it.text } shouldContainExactly listOf("1", "333")
        }
    }

    test("a closed descriptor is let go before the completion of its send is seen") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            transport.fill(alice)
            val handle = ScriptedFd()
            val fd = OwnedFd.wrap(handle)
            val closesWhenSeen = AtomicInteger(-1)
            val sent = socket.async().send(Message.of("x").to(alice).with(fd))
            val seen = sent.thenRun { closesWhenSeen.set(handle.closes.get()) }
            fd.close()
            handle.closes.get() shouldBe 0

            transport.makeRoom(alice)
            seen.await()
            closesWhenSeen.get() shouldBe 1
            transport.sent.single().descriptors shouldBe listOf(handle.number())
        }
    }

    test("a send that is cancelled lets its descriptors go and sends nothing") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            transport.fill(alice)
            val handle = ScriptedFd()
            val fd = OwnedFd.wrap(handle)
            val sent = socket.async().send(Message.of("x").to(alice).with(fd))
            fd.close()
            sent.cancel(true) shouldBe true
            handle.closes.get() shouldBe 1
            waitFor(0) { transport.armed() }
            transport.makeRoom(alice)
            transport.loop.call {}
            transport.sent.size shouldBe 0
        }
    }

    test("a message that cannot be sent fails the future, not the call") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val closed = OwnedFd.wrap(ScriptedFd()).also { it.close() }
            val thread = CompletableFuture<String>()
            transport.loop.whileBusy {
                val future = socket.async().send(Message.of("x").to(alice).with(closed))
                future.isDone shouldBe false
                future.whenComplete { _, _ -> thread.complete(Thread.currentThread().name) }
                future.shouldBeInstanceOf<CompletableFuture<Void>>()
            }
            thread.await() shouldBe "scripted-loop"
            val failed = socket.async().send(Message.of("x").to(alice).with(closed))
            shouldThrow<ExecutionException> { failed.await() }
                .cause
                .shouldBeInstanceOf<IllegalArgumentException>()
            socket.queuedSends() shouldBe 0
        }
    }

    test("a refused send fails its future and the next one goes") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val refused = socket.async().send(Message.of("x").to(ScriptedTransport.NOBODY))
            val cause = shouldThrow<ExecutionException> { refused.await() }.cause
            cause.shouldBeInstanceOf<SocketOpException>().remoteAddress() shouldBe ScriptedTransport.NOBODY
            socket.async().send(Message.of("y").to(bob)).await()
        }
    }

    test("an attempt that ends in an error of the JVM ends its future too") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            transport.step { throw OutOfMemoryError("direct buffer memory, says the test") }
            val first = socket.async().receive()
            val second = socket.async().receive()
            shouldThrow<ExecutionException> { first.await() }.cause.shouldBeInstanceOf<OutOfMemoryError>()
            transport.arrive("next")
            second.await().text() shouldBe "next"
        }
    }

    test("a connect fails its future, and one that succeeds completes it on the loop") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val refused = socket.async().connect(ScriptedTransport.NOBODY)
            shouldThrow<ExecutionException> { refused.await() }.cause.shouldBeInstanceOf<SocketOpException>()
            socket.async().connect(bob).await()
            socket.remoteAddress() shouldBe bob
        }
    }

    test("100,000 chained completions do not grow the stack") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val count = 100_000
            val done = CompletableFuture<Int>()
            val deepest = AtomicInteger()

            fun next(n: Int) {
                if (n % 10_000 == 0) deepest.accumulateAndGet(Throwable().stackTrace.size, ::maxOf)
                if (n == count) {
                    done.complete(n)
                } else {
                    socket.async().receive().whenComplete { _, failure ->
                        if (failure == null) next(n + 1) else done.completeExceptionally(failure)
                    }
                }
            }
            repeat(count) { transport.arrive("x") }
            transport.loop.execute { next(0) }
            done.await() shouldBe count
            deepest.get() shouldBeLessThanOrEqualTo 100
        }
    }

    test("other work on the loop gets its turn after at most 32 attempts") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            repeat(200) { transport.arrive("x") }
            val attemptsBefore = AtomicReference<Int>()
            val futures =
                transport.loop.whileBusy {
                    val futures = List(200) { socket.async().receive() }
                    transport.loop.execute { attemptsBefore.set(transport.receiveAttempts.get()) }
                    futures
                }
            futures.forEach { it.await() }
            attemptsBefore.get() shouldBeLessThanOrEqualTo EventLoop.BUDGET
        }
    }

    test("a wake that comes after its wait was given up does not wait twice") {
        val transport = ScriptedTransport(lateWakes = true)
        socketOver(transport).use { socket ->
            repeat(10) {
                val future = socket.async().receive()
                waitFor(1) { transport.armed() }
                transport.loop.call {
                    // On the loop: the late wake comes when the next receive waits already.
                    future.cancel(false)
                    socket.async().receive()
                }
                transport.loop.call {}
                transport.loop.call {}
                transport.armed() shouldBe 1
                transport.arrive("x")
                waitFor(0) { transport.armed() }
            }
        }
    }

    test("closing ends every future with ClosedChannelException and lets descriptors go") {
        val transport = ScriptedTransport()
        val socket = socketOver(transport)
        transport.fill(alice)
        val handle = ScriptedFd()
        val futures =
            OwnedFd.wrap(handle).use { fd ->
                List(3) { socket.async().receive() } +
                    List(3) { socket.async().send(Message.of("x").to(alice).with(fd)) }
            }
        waitFor(2) { transport.armed() }
        socket.close()
        for (future in futures) {
            shouldThrow<ExecutionException> { future.await() }
                .cause
                .shouldBeInstanceOf<ClosedChannelException>()
        }
        handle.closes.get() shouldBe 1
        val late = socket.async().receive()
        shouldThrow<ExecutionException> { late.await() }.cause.shouldBeInstanceOf<ClosedChannelException>()
    }
})
