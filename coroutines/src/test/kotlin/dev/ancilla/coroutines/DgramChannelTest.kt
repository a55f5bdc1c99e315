package dev.ancilla.coroutines

import dev.ancilla.Message
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.cancel
import kotlinx.coroutines.channels.ClosedReceiveChannelException
import kotlinx.coroutines.channels.ClosedSendChannelException
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeout
import java.util.concurrent.atomic.AtomicInteger
import kotlin.time.Duration.Companion.seconds

class DgramChannelTest :
    FunSpec({
        test("messages go in and out over channels, in order") {
            withPair { receiver, sender ->
                coroutineScope {
                    val ingoing = receiver.channel(this)
                    val outgoing = sender.channel(this)
                    repeat(100) { outgoing.outgoing.send(Message.of("$it")) }
                    List(100) { ingoing.incoming.receive().use { m -> m.text() } } shouldContainExactly
                        (0..99).map { "$it" }
                    ingoing.close()
                    outgoing.close()
                }
                receiver.isOpen shouldBe true
            }
        }

        test("closing the socket ends both channels, and then their scope can end") {
            withPair { receiver, _ ->
                withTimeout(10.seconds) {
                    coroutineScope {
                        val channel = receiver.channel(this)
                        receiver.close()
                        shouldThrow<ClosedReceiveChannelException> { channel.incoming.receive() }
                    }
                }
            }
        }

        test("cancelling the scope ends both channels") {
            withPair { receiver, sender ->
                val scope = CoroutineScope(Dispatchers.Default + Job())
                val channel = receiver.channel(scope)
                scope.cancel()
                withTimeout(10.seconds) { scope.coroutineContext.job.join() }
                runCatching { channel.incoming.receive() }.isFailure shouldBe true
                sender.send("stays with the socket")
                receiver.receive().use { it.text() } shouldBe "stays with the socket"
            }
        }

        for ((overflow, kept) in mapOf(Overflow.DROP_OLDEST to (16..19), Overflow.DROP_LATEST to (0..3))) {
            test("$overflow keeps $kept of 20 messages in a channel of 4, and counts the others") {
                withPair { receiver, sender ->
                    coroutineScope {
                        val channel = receiver.channel(this, capacity = 4, overflow = overflow)
                        repeat(20) { sender.send("$it") }
                        until { channel.droppedCount shouldBe 16 }
                        List(4) {
                            channel.incoming.receive().use { m ->
                                m.text().toInt()
                            }
                        } shouldContainExactly
                            kept.toList()
                        channel.close()
                    }
                }
            }
        }

        test("FAIL hands over what waited, and then says that one was too many") {
            withPair { receiver, sender ->
                coroutineScope {
                    val channel = receiver.channel(this, capacity = 4, overflow = Overflow.FAIL)
                    repeat(5) { sender.send("$it") }
                    until { channel.droppedCount shouldBe 1 }
                    repeat(4) { channel.incoming.receive().use { m -> m.text() shouldBe "$it" } }
                    shouldThrow<ChannelOverflowException> { channel.incoming.receive() }
                    channel.close()
                }
            }
        }

        test("SUSPEND leaves in the kernel what has no place") {
            withPair { receiver, sender ->
                coroutineScope {
                    val channel = receiver.channel(this, capacity = 2)
                    repeat(10) { sender.send("$it") }
                    repeat(10) { channel.incoming.receive().use { m -> m.text() shouldBe "$it" } }
                    channel.droppedCount shouldBe 0
                    channel.close()
                }
            }
        }

        test("a message that the kernel refuses closes the way out with the reason") {
            udp().use { socket ->
                coroutineScope {
                    val channel = socket.channel(this)
                    channel.outgoing.send(Message.of("to nobody"))
                    var refused: Throwable? = null
                    while (refused == null) {
                        refused = runCatching { channel.outgoing.send(Message.of("next")) }.exceptionOrNull()
                    }
                    refused.shouldBeRefusal()
                    channel.close()
                }
            }
        }

        test(
            "a sender that waits for its turn does not wait for ever when the kernel refuses another's message",
        ) {
            val refused = DirectedUdp()
            refused.socket().use { socket ->
                coroutineScope {
                    refused.fill()
                    val channel = socket.channel(this, capacity = 1)
                    val taken = AtomicInteger()
                    val sender =
                        launch {
                            runCatching {
                                repeat(3) {
                                    channel.outgoing.send(Message.of("to nobody"))
                                    taken.incrementAndGet()
                                }
                            }
                        }
                    // One waits for room, one in the channel, and the third for its turn.
                    waitUntil { refused.armed.get() > 0 && taken.get() == 2 }
                    refused.makeRoom()
                    withTimeout(10.seconds) { sender.join() }
                    channel.close()
                }
            }
        }
    })

private fun Throwable?.shouldBeRefusal() {
    val reason = if (this is ClosedSendChannelException) cause else this
    (reason as dev.ancilla.SocketOpException).operation() shouldBe "send"
}
