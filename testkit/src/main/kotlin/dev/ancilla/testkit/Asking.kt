package dev.ancilla.testkit

import dev.ancilla.Ancillary
import dev.ancilla.Datagram
import dev.ancilla.DgramSocket
import dev.ancilla.Message
import dev.ancilla.SocketOpException
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.UnixDgramClient
import dev.ancilla.coroutines.answerEach
import dev.ancilla.coroutines.receiveOrNull
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.ints.shouldBeGreaterThan
import io.kotest.matchers.shouldBe
import io.kotest.matchers.types.shouldBeInstanceOf
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch
import java.nio.channels.ClosedChannelException
import java.util.concurrent.atomic.AtomicInteger
import kotlin.random.Random
import kotlin.time.Duration.Companion.milliseconds
import dev.ancilla.coroutines.receive as receiveSuspending
import dev.ancilla.coroutines.send as sendSuspending

private val PATIENCE = PATIENCE_MILLIS.milliseconds

/** Questions to a server, and the answers to them and to no others. */
internal fun ContractSpec.asking() {
    scenario("every question of several coroutines gets its own answer") {
        val server = bound()
        val client = clientOf(server)
        playing {
            val answering = launch { server.answerEach { Message.of("${it.text()}!") } }
            List(8) { asker ->
                launch { repeat(50) { client.ask("$asker.$it", PATIENCE) shouldBe "$asker.$it!" } }
            }.joinAll()
            answering.cancelAndJoin()
        }
    }

    scenario("a late answer is never taken for the answer to the next question") {
        val server = bound()
        val client = clientOf(server)
        playing {
            val first = async { runCatching { client.ask("first", 50.milliseconds) } }
            val question = server.receiveSuspending()
            first.await().exceptionOrNull().shouldBeInstanceOf<TimeoutCancellationException>()
            // Nobody is there any more; were the socket still open, this would be the next answer.
            question.use { late -> runCatching { server.sendSuspending("late", late.sender()) } }

            val answering = launch { server.answerEach { Message.of("to ${it.text()}") } }
            client.ask("second", PATIENCE) shouldBe "to second"
            answering.cancelAndJoin()
        }
    }

    scenario("answers race with the end of the patience for them, and are right or missing") {
        val server = bound()
        val client = clientOf(server)
        val right = AtomicInteger()
        val missing = AtomicInteger()
        playing {
            val answering =
                launch {
                    server.answerEach {
                        delay(Random.nextInt(4).milliseconds)
                        Message.of(it.text())
                    }
                }
            while (right.get() < 50 || missing.get() < 50) {
                val question = "${right.get()}.${missing.get()}"
                try {
                    client.ask(question, 2.milliseconds) shouldBe question
                    right.incrementAndGet()
                } catch (_: TimeoutCancellationException) {
                    missing.incrementAndGet()
                }
            }
            answering.cancelAndJoin()
        }
        missing.get() shouldBeGreaterThan 0
    }

    scenario("a server that was restarted answers the next question but one, at the latest") {
        val address = UnixAddress.path(freshPath())
        val client = clientOf(address)
        playing {
            repeat(3) { round ->
                subject.open().use { server ->
                    server.bind(address)
                    val answering = launch { server.answerEach { Message.of("round $round") } }
                    if (round > 0) {
                        // It finds the old server gone.
                        runCatching { client.ask("anybody?", PATIENCE) }
                            .exceptionOrNull()
                            ?.shouldBeInstanceOf<SocketOpException>()
                    }
                    client.ask("who?", PATIENCE) shouldBe "round $round"
                    answering.cancelAndJoin()
                }
            }
            shouldThrow<SocketOpException> { client.ask("gone?", PATIENCE) }
            shouldThrow<SocketOpException> { client.ask("gone?", PATIENCE) }
        }
    }

    scenario("a question that waits ends when its client is closed or its caller cancelled") {
        val server = bound()
        val client = clientOf(server)
        playing {
            val cancelled = launch { client.ask("unheard", PATIENCE) }
            server.receiveSuspending().close()
            cancelled.cancelAndJoin()

            val waiting = async { runCatching { client.ask("unheard", PATIENCE) } }
            server.receiveSuspending().close()
            repeat(2) { client.close() }
            waiting.await().exceptionOrNull().shouldBeInstanceOf<ClosedChannelException>()
            shouldThrow<ClosedChannelException> { client.ask("late", PATIENCE) }
            server.receiveOrNull(WATCHING_MILLIS.milliseconds) shouldBe null
        }
    }

    scenario("questions and answers carry descriptors, and an answer that cannot be read is closed") {
        val server = receiverOf(1)
        val file = fileWith("a")
        keep(
            UnixDgramClient<String, String>(
                server.localAddress(),
                { Message.of(it).with(Ancillary.lend(file)) },
                { if (it.text() == "bad") error("unreadable") else it.text() },
            ),
        ).let { client ->
            playing {
                val answering =
                    launch {
                        server.answerEach { question ->
                            Message
                                .of(
                                    question.text(),
                                ).with(Ancillary.lend(question.ancillary().descriptors()))
                        }
                    }
                client.ask("good", PATIENCE) shouldBe "good"
                shouldThrow<IllegalStateException> { client.ask("bad", PATIENCE) }
                client.ask("good again", PATIENCE) shouldBe "good again"
                answering.cancelAndJoin()
            }
        }
    }
}

private fun Scene.clientOf(server: DgramSocket) = clientOf(server.localAddress() as UnixAddress)

private fun Scene.clientOf(server: UnixAddress): UnixDgramClient<String, String> =
    keep(UnixDgramClient(server, { Message.of(it) }, Datagram::text))
