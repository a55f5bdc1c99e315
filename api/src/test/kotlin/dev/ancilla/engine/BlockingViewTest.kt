package dev.ancilla.engine

import dev.ancilla.Datagram
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.UnixAddress
import dev.ancilla.scripted.ScriptedFd
import dev.ancilla.scripted.ScriptedTransport
import dev.ancilla.scripted.await
import dev.ancilla.scripted.call
import dev.ancilla.scripted.socketOver
import dev.ancilla.scripted.waitFor
import dev.ancilla.scripted.whileBusy
import dev.ancilla.spi.Interest
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.types.shouldBeInstanceOf
import java.io.InterruptedIOException
import java.net.SocketTimeoutException
import java.nio.ByteBuffer
import java.nio.channels.ClosedChannelException
import java.time.Duration
import java.util.concurrent.CompletableFuture
import java.util.concurrent.ExecutionException

class BlockingViewTest : FunSpec({
    val alice = UnixAddress.abstractName("alice")

    /** Runs on a thread of its own; what it ends with, and whether its interrupt status is set. */
    class Call<T>(block: () -> T) {
        val result = CompletableFuture<T>()

        @Volatile
        var interrupted = false

        val thread =
            Thread {
                val outcome = runCatching(block)
                interrupted = Thread.currentThread().isInterrupted
                outcome.fold(result::complete, result::completeExceptionally)
            }.apply { start() }

        fun failure() = shouldThrow<ExecutionException> { result.await() }.cause
    }

    test("a receive waits until a message arrives") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val call = Call { socket.blocking().receive() }
            waitFor(1) { transport.armed() }
            transport.arrive("hello")
            call.result.await().text() shouldBe "hello"
        }
    }

    test("wakes without a reason end nothing") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val call = Call { socket.blocking().receive() }
            repeat(10) {
                waitFor(1) { transport.armed() }
                transport.fire(Interest.READ)
                waitFor(it + 2) { transport.receiveAttempts.get() }
            }
            call.result.isDone shouldBe false
            transport.arrive("hello")
            call.result.await().text() shouldBe "hello"
        }
    }

    test("a deadline of zero tries once and leaves no wait behind") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            shouldThrow<SocketTimeoutException> { socket.blocking().receive(Duration.ZERO) }
                .message shouldContain "not within PT0S"
            transport.receiveAttempts.get() shouldBe 1
            transport.armed() shouldBe 0
            transport.arrive("here")
            socket.blocking().receive(Duration.ZERO).text() shouldBe "here"
        }
    }

    test("a negative deadline is refused before anything happens") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val negative = Duration.ofMillis(-1)
            transport.arrive("kept")
            shouldThrow<IllegalArgumentException> { socket.blocking().receive(negative) }
            shouldThrow<IllegalArgumentException> {
                socket.blocking().send(
                    Message.of("x").to(alice),
                    negative,
                )
            }
            shouldThrow<IllegalArgumentException> { socket.blocking().connect(alice, negative) }
            transport.receiveAttempts.get() shouldBe 0
            transport.sendAttempts.get() shouldBe 0
            socket.queuedSends() shouldBe 0
        }
    }

    test("a deadline that passes names the target, and the send has sent nothing") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            transport.fill(alice)
            val handle = ScriptedFd()
            val fd = OwnedFd.wrap(handle)
            val failure =
                shouldThrow<SocketTimeoutException> {
                    socket.blocking().send(Message.of("x").to(alice).with(fd), Duration.ofMillis(20))
                }
            failure.message shouldBe "send unix:@alice: not within PT0.02S"
            transport.armed() shouldBe 0
            socket.queuedSends() shouldBe 0
            fd.close()
            handle.closes.get() shouldBe 1
        }
    }

    test("a send waits for room and consumes its buffer only then") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            transport.fill(alice)
            val payload = ByteBuffer.wrap("hello".toByteArray())
            val call = Call { socket.blocking().send(payload, alice) }
            waitFor(1) { transport.armed() }
            payload.remaining() shouldBe 5
            transport.makeRoom(alice)
            call.result.await()
            payload.remaining() shouldBe 0
            transport.sent.single().text shouldBe "hello"
        }
    }

    test("an interrupt ends the wait, stays set, and leaves the socket open") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val call = Call { socket.blocking().receive() }
            waitFor(1) { transport.armed() }
            call.thread.interrupt()
            call.failure().shouldBeInstanceOf<InterruptedIOException>()
            call.interrupted shouldBe true
            transport.armed() shouldBe 0
            transport.arrive("kept")
            socket.blocking().receive().text() shouldBe "kept"
        }
    }

    test("an interrupted thread still gets a message that is there") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            transport.arrive("here")
            val call =
                Call {
                    Thread.currentThread().interrupt()
                    socket.blocking().receive()
                }
            call.result.await().text() shouldBe "here"
            call.interrupted shouldBe true
        }
    }

    test("the loop's own thread is refused, and its message stays") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            transport.arrive("kept")
            val receive =
                transport.loop.call {
                    runCatching { socket.blocking().receive() }.exceptionOrNull()
                }
            receive.shouldBeInstanceOf<IllegalStateException>().message shouldContain
                "blocking receive on scripted-loop"
            val send =
                transport.loop.call {
                    runCatching { socket.blocking().send(Message.of("x").to(alice)) }.exceptionOrNull()
                }
            send.shouldBeInstanceOf<IllegalStateException>()
            socket.queuedSends() shouldBe 0
            socket.tryReceive()?.text() shouldBe "kept"
        }
    }

    test("closing the socket ends a waiting call") {
        val transport = ScriptedTransport()
        val socket = socketOver(transport)
        val call = Call { socket.blocking().receive() }
        waitFor(1) { transport.armed() }
        socket.close()
        call.failure().shouldBeInstanceOf<ClosedChannelException>().message shouldBe
            "receive: the socket is closed"
    }

    test("each of several waiting threads gets one message") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val calls = List(4) { Call<Datagram> { socket.blocking().receive() } }
            waitFor(4) { transport.armed() }
            repeat(4) { transport.arrive("$it") }
            calls.map { it.result.await().text() }.sorted() shouldBe listOf("0", "1", "2", "3")
        }
    }

    test("attempts that must be made on the loop are, also those of plain threads") {
        val transport = ScriptedTransport(loopOnly = setOf(Interest.READ, Interest.WRITE))
        socketOver(transport).use { socket ->
            transport.arrive("x")
            socket.blocking().receive().text() shouldBe "x"
            socket.blocking().send(Message.of("y").to(alice))
            socket.blocking().connect(alice, null)
            transport.attemptThreads shouldBe setOf("scripted-loop")
        }
    }

    test("an interrupt while the loop makes the attempt is kept, and so is the message") {
        val transport = ScriptedTransport(loopOnly = setOf(Interest.READ))
        socketOver(transport).use { socket ->
            transport.arrive("claimed")
            val call =
                transport.loop.whileBusy {
                    val call = Call { socket.blocking().receive() }
                    waitFor(Thread.State.WAITING) { call.thread.state }
                    call.thread.interrupt()
                    // The interrupt has been taken when the thread waits again with the status clear.
                    waitFor(Thread.State.WAITING to false) { call.thread.state to call.thread.isInterrupted }
                    call
                }
            call.result.await().text() shouldBe "claimed"
            call.interrupted shouldBe true
        }
    }
})
