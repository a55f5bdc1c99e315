package dev.ancilla.engine

import dev.ancilla.Datagram
import dev.ancilla.scripted.ScriptedTransport
import dev.ancilla.scripted.await
import dev.ancilla.scripted.call
import dev.ancilla.scripted.socketOver
import dev.ancilla.scripted.waitFor
import dev.ancilla.scripted.whileBusy
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import io.kotest.matchers.types.shouldBeInstanceOf
import java.util.concurrent.CancellationException
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CountDownLatch
import java.util.concurrent.ExecutionException
import java.util.concurrent.TimeUnit
import java.util.concurrent.TimeoutException

/** A future that is cancelled, or ended in another way than by its call, has received nothing. */
class AsyncCancelTest : FunSpec({
    test("cancelling a receive ends its wait, and the message goes to the next") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val first = socket.async().receive()
            waitFor(1) { transport.armed() }
            first.cancel(false) shouldBe true
            waitFor(0) { transport.armed() }
            shouldThrow<CancellationException> { first.await() }

            val second = socket.async().receive()
            transport.arrive("kept")
            second.await().text() shouldBe "kept"
        }
    }

    test("a cancel on another thread never leaves the wait behind") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            repeat(500) {
                val future = socket.async().receive()
                waitFor(1) { transport.armed() }
                // The dependent holds the cancelling thread up just before its cancel has ended.
                future.whenComplete { _, _ -> transport.loop.call {} }
                future.cancel(false)
                transport.loop.call {}
                transport.armed() shouldBe 0
            }
        }
    }

    test("cancelling the first of two leaves the second waiting") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val first = socket.async().receive()
            val second = socket.async().receive()
            waitFor(1) { transport.armed() }
            first.cancel(false)
            transport.arrive("for the second")
            second.await().text() shouldBe "for the second"
        }
    }

    test("a receive cancelled before the loop came to it makes no attempt") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            transport.loop.whileBusy { socket.async().receive().cancel(false) shouldBe true }
            transport.loop.call {}
            transport.loop.call {}
            transport.receiveAttempts.get() shouldBe 0
        }
    }

    test("orTimeout ends the wait and loses no message") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val future = socket.async().receive().orTimeout(20, TimeUnit.MILLISECONDS)
            shouldThrow<ExecutionException> { future.await() }.cause.shouldBeInstanceOf<TimeoutException>()
            waitFor(0) { transport.armed() }
            transport.arrive("kept")
            socket.tryReceive()?.text() shouldBe "kept"
        }
    }

    test("a future that was completed in any other way receives nothing either") {
        val other = Datagram(java.nio.ByteBuffer.allocate(0), null, dev.ancilla.Ancillary.none(), 0)
        val ways: Map<String, (CompletableFuture<Datagram>) -> Unit> =
            mapOf(
                "complete" to { it.complete(other) },
                "completeExceptionally" to { it.completeExceptionally(IllegalStateException()) },
                "completeAsync" to { it.completeAsync({ other }, Runnable::run) },
                "completeOnTimeout" to { it.completeOnTimeout(other, 0, TimeUnit.NANOSECONDS) },
                "obtrudeValue" to { it.obtrudeValue(other) },
                "obtrudeException" to { it.obtrudeException(IllegalStateException()) },
            )
        for ((name, complete) in ways) {
            val transport = ScriptedTransport()
            socketOver(transport).use { socket ->
                val future = socket.async().receive()
                waitFor(1) { transport.armed() }
                complete(future)
                waitFor(true to 0) { future.isDone to transport.armed() }
                transport.arrive("kept after $name")
                socket.tryReceive()?.text() shouldBe "kept after $name"
            }
        }
    }

    test("a receive that has begun its attempt cannot be cancelled, and its message reaches the future") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val inside = CountDownLatch(1)
            val proceed = CountDownLatch(1)
            val future = socket.async().receive()
            waitFor(1) { transport.armed() }
            transport.duringAttempt = {
                inside.countDown()
                proceed.await()
            }
            transport.arrive("claimed")
            inside.await()

            val cancelled = CompletableFuture.supplyAsync { future.cancel(true) }
            proceed.countDown()
            cancelled.await() shouldBe false
            future.await().text() shouldBe "claimed"
        }
    }

    test("cancels that race messages lose none and duplicate none") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val count = 5_000
            val got = java.util.concurrent.ConcurrentLinkedQueue<String>()
            val sender = Thread { repeat(count) { transport.arrive("$it") } }
            sender.start()
            while (got.size < count) {
                val future = socket.async().receive()
                future.thenAccept { got += it.text() }
                if (System.nanoTime() % 3 == 0L) Thread.onSpinWait()
                if (!future.cancel(false)) future.await()
            }
            sender.join()
            got.map { it.toInt() } shouldContainExactly List(count) { it }
        }
    }
})
