package dev.ancilla.testkit

import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.coroutines.answerEach
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import java.nio.ByteBuffer
import java.util.concurrent.atomic.AtomicInteger
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds

/** A server's handlers: how many there are, and how they end. */
internal fun ContractSpec.answering() {
    scenario("no more questions are handled at a time than was said, and the others wait in the kernel") {
        val server = bound()
        val asker = bound()
        val started = AtomicInteger()
        val running = AtomicInteger()
        playing {
            val goOn = CompletableDeferred<Unit>()
            val answering =
                launch {
                    server.answerEach(concurrency = 3) {
                        started.incrementAndGet()
                        check(running.incrementAndGet() <= 3) { "too many at a time" }
                        goOn.await()
                        running.decrementAndGet()
                        Message.of(it.text())
                    }
                }
            repeat(8) { asker.send("$it", server.localAddress()) }
            until("three are handled") { started.get() == 3 }
            delay(WATCHING_MILLIS.milliseconds)
            started.get() shouldBe 3

            goOn.complete(Unit)
            List(8) { asker.receiveText().toInt() }.sorted() shouldBe List(8) { it }
            answering.cancelAndJoin()
        }
    }

    scenario("an asker that is gone, or has no name, is no error, and the next is answered") {
        val server = bound()
        val handled = AtomicInteger()
        playing {
            val goOn = CompletableDeferred<Unit>()
            val answering =
                launch {
                    server.answerEach { question ->
                        handled.incrementAndGet()
                        if (question.text() == "gone") goOn.await()
                        Message.of("to ${question.text()}")
                    }
                }
            bound().use { it.send("gone", server.localAddress()) }
            open().send("unnamed", server.localAddress())
            until("both are handled") { handled.get() == 2 }
            goOn.complete(Unit)

            val asker = bound()
            asker.send("you", server.localAddress())
            asker.receiveText() shouldBe "to you"
            answering.cancelAndJoin()
        }
    }

    scenario("without patience an answer goes if there is room, and is dropped if there is none") {
        val server = bound()
        val full = bound()
        val asker = bound()
        playing {
            val answering =
                launch {
                    server.answerEach(patience = Duration.ZERO) { Message.of("to ${it.text()}") }
                }
            val filled = open().fill(full.localAddress())
            full.send("full", server.localAddress())
            asker.send("you", server.localAddress())
            asker.receiveText() shouldBe "to you"
            answering.cancelAndJoin()
            repeat(filled) { full.receiveText() shouldBe "fill" }
            full.tryReceive() shouldBe null
        }
    }

    scenario("a handler that throws ends them all, and leaves the socket and its messages") {
        val server = bound()
        val asker = bound()
        repeat(2) { asker.send("wait", server.localAddress()) }
        val cancelled = AtomicInteger()
        playing {
            val failed =
                launch {
                    shouldThrow<IllegalStateException> {
                        server.answerEach(concurrency = 3) {
                            if (it.text() == "fail") error("cannot")
                            try {
                                awaitCancellation()
                            } finally {
                                cancelled.incrementAndGet()
                            }
                        }
                    }
                }
            asker.send("fail", server.localAddress())
            failed.join()
        }
        cancelled.get() shouldBe 2
        asker.send("next", server.localAddress())
        server.receiveText() shouldBe "next"
    }

    scenario("a cancelled server has closed every question, and lost none that it did not handle") {
        val server = receiverOf(1)
        val asker = connectedTo(server)
        val pipe = keep(OwnedFd.pipe())
        repeat(5) { asker.send(Message.of("$it").with(pipe.writer())) }
        val started = AtomicInteger()
        playing {
            val answering =
                launch {
                    server.answerEach(concurrency = 2) {
                        started.incrementAndGet()
                        awaitCancellation()
                    }
                }
            until("two are handled") { started.get() == 2 }
            answering.cancelAndJoin()
        }
        repeat(3) { number -> server.receive().use { it.text() shouldBe "${number + 2}" } }
        pipe.writer().close()
        // The end of the pipe is read once every copy of its writer is closed.
        pipe.reader().channel().read(ByteBuffer.allocate(1)) shouldBe -1
    }

    scenario("closing the socket ends a server normally, also while it handles a question") {
        val server = bound()
        val asker = bound()
        playing {
            val goOn = CompletableDeferred<Unit>()
            val handling = CompletableDeferred<Unit>()
            val answering =
                launch {
                    server.answerEach {
                        handling.complete(Unit)
                        goOn.await()
                        Message.of("too late")
                    }
                }
            asker.send("question", server.localAddress())
            handling.await()
            server.close()
            goOn.complete(Unit)
            answering.join()
            answering.isCancelled shouldBe false
        }
        asker.tryReceive() shouldBe null
    }
}
