package dev.ancilla.testkit

import dev.ancilla.Datagram
import dev.ancilla.Message
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.collections.shouldContainExactlyInAnyOrder
import io.kotest.matchers.shouldBe
import io.kotest.matchers.types.shouldBeInstanceOf
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import java.io.InterruptedIOException
import java.net.SocketTimeoutException
import java.time.Duration
import java.util.concurrent.CompletableFuture
import java.util.concurrent.TimeUnit
import java.util.concurrent.TimeoutException
import dev.ancilla.coroutines.receive as receiveSuspending

/** Waiting for messages, and giving it up. */
internal fun ContractSpec.receiving() {
    inEveryStyle("each message reaches exactly one of several waiting receivers") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        val waiting = List(8) { style.receive(receiver) }

        repeat(8) { sender.send("message $it") }

        waiting
            .map { call -> call.await().use(Datagram::text) }
            .shouldContainExactlyInAnyOrder(List(8) { "message $it" })
    }

    scenario("receivers of every style wait side by side and lose nothing") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        repeat(5) { round ->
            val waiting = Style.all.map { it.receive(receiver) }
            repeat(waiting.size) { sender.send("$round.$it") }
            waiting
                .map { call -> call.await().use(Datagram::text) }
                .shouldContainExactlyInAnyOrder(List(waiting.size) { "$round.$it" })
        }
    }

    inEveryStyle("a call that is given up leaves the message and the socket to the next") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        val call = style.receive(receiver)
        call.expectWaiting()

        call.cancel()
        call.expectThrown(style.givenUp)

        sender.send("kept")
        receiver.receiveText() shouldBe "kept"
    }

    inEveryStyle("a message that races with giving up is received once, by this call or the next") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        repeat(200) { round ->
            val call = style.receive(receiver)
            val sent = Async.send(sender, Message.of("$round"))
            if (round % 2 == 0) Thread.onSpinWait() else Thread.yield()
            call.cancel()
            sent.await()

            val got =
                call.result().recover {
                    call.expectThrown(style.givenUp)
                    style.receive(receiver).await()
                }
            got.getOrThrow().use(Datagram::text) shouldBe "$round"
        }
        receiver.tryReceive() shouldBe null
    }

    inEveryStyle("of two receivers the one that is left gets the message when the other gives up") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        repeat(50) { round ->
            val first = style.receive(receiver)
            val second = style.receive(receiver)
            first.cancel()
            sender.send("$round")

            val taken = first.result()
            if (taken.isSuccess) second.cancel()
            val got = taken.recoverCatching { second.await() }
            got.getOrThrow().use(Datagram::text) shouldBe "$round"
            second.result()
        }
    }

    scenario("a timeout receives nothing and leaves the message to the next") {
        val receiver = bound()
        val sender = connectedTo(receiver)

        shouldThrow<SocketTimeoutException> { receiver.blocking().receive(Duration.ofMillis(20)) }
        shouldThrow<SocketTimeoutException> { receiver.blocking().receive(Duration.ZERO) }
        shouldThrow<IllegalArgumentException> { receiver.blocking().receive(Duration.ofMillis(-1)) }
        shouldThrow<TimeoutException> {
            receiver.async().receive().orTimeout(20, TimeUnit.MILLISECONDS).join("receive")
        }
        shouldThrow<TimeoutCancellationException> {
            runBlocking { withTimeout(20) { receiver.receiveSuspending() } }
        }

        sender.send("kept")
        receiver.blocking().receive(Duration.ZERO).use(Datagram::text) shouldBe "kept"
    }

    scenario("a call on a thread that is interrupted already takes a message that is there") {
        val receiver = bound()
        connectedTo(receiver).send("there")

        val call =
            CompletableFuture.supplyAsync {
                Thread.currentThread().interrupt()
                runCatching { receiver.blocking().receive().use(Datagram::text) } to Thread.interrupted()
            }

        val (text, stillInterrupted) = call.join("receive")
        stillInterrupted shouldBe true
        // Over UDP the message may come a moment later; then the call ends as interrupted.
        text.exceptionOrNull()?.shouldBeInstanceOf<InterruptedIOException>()
        text.getOrElse { receiver.receiveText() } shouldBe "there"
    }

    scenario("a blocking call on the event loop's own thread is refused, and the loop goes on") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        val loop = receiver.eventLoop()

        val calls =
            listOf<() -> Any>(
                { receiver.blocking().receive() },
                { sender.blocking().send(Message.of("no")) },
            )
        for (call in calls) {
            val refused = CompletableFuture<Result<Any>>()
            loop.execute { refused.complete(runCatching(call)) }
            refused.join("the call").exceptionOrNull().shouldBeInstanceOf<IllegalStateException>()
        }

        sender.send("yes")
        receiver.receiveText() shouldBe "yes"
    }
}
