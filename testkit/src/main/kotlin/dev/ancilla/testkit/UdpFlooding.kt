package dev.ancilla.testkit

import dev.ancilla.Message
import io.kotest.assertions.withClue
import io.kotest.matchers.collections.shouldHaveAtLeastSize
import io.kotest.matchers.comparables.shouldBeLessThan
import io.kotest.matchers.ints.shouldBeGreaterThan
import io.kotest.matchers.ints.shouldBeInRange
import io.kotest.matchers.shouldBe
import java.net.SocketAddress
import java.util.concurrent.CompletableFuture
import java.util.concurrent.atomic.AtomicInteger
import kotlin.concurrent.thread
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource

private const val FLOOD = 1_000_000
private const val AT_ONCE = 64

/** More messages than their receiver takes: who loses by that, and who must not. */
internal fun ContractSpec.udpFlooding() {
    inEveryStyle("row93 what finds no room at a receiver that reads nothing is lost, and nobody waits") {
        val receiver = udpBound { receiveBufferSize(10_000) }
        val sender = udp()
        repeat(500) {
            sender.send("$it", receiver.localAddress())
            sender.queuedSends() shouldBe 0
        }
        val kept = generateSequence { receiver.tryReceive()?.use { it.text().toInt() } }.toList()
        kept.size shouldBeInRange 1..499
        kept shouldBe kept.indices.toList()
        sender.send("room again", receiver.localAddress())
        receiver.receiveText() shouldBe "room again"
    }

    scenario("row91 a flood of 1,000,000 messages does not starve another socket on its loop") {
        val loop = newEventLoop("shared")
        val flooded = udpBound { eventLoop(loop) }
        val quiet = udpBound { eventLoop(loop) }
        quiet.listen { socket, question ->
            socket.async().send(Message.of(question.text()).to(question.sender()))
        }
        val taken = AtomicInteger()
        flooded.listen { _, _ -> taken.incrementAndGet() }
        val asking = udp { eventLoop(newEventLoop("asking")) }
        asking.connect(quiet.localAddress())

        val rounds = mutableListOf<TimeSource.Monotonic.ValueTimeMark>()
        val sent = flood(flooded.localAddress())
        do {
            rounds += TimeSource.Monotonic.markNow()
            asking.send("${rounds.size}")
            asking.receiveText() shouldBe "${rounds.size}"
        } while (!sent.isDone)
        val end = TimeSource.Monotonic.markNow()

        sent.join("the flood") shouldBe FLOOD
        taken.get() shouldBeGreaterThan 1_000
        rounds shouldHaveAtLeastSize 100
        val longest = (rounds + end).zipWithNext { from, to -> to - from }.max()
        withClue("of ${rounds.size} rounds") { longest shouldBeLessThan 5.seconds }
    }
}

/** Sends as fast as it can from a thread and a loop of its own, and tells how many messages that were. */
private fun Scene.flood(target: SocketAddress): CompletableFuture<Int> {
    val sender = udp { eventLoop(newEventLoop("flood")) }
    val batch = keep(sender.newSendBatch(AT_ONCE, 64))
    val sent = CompletableFuture<Int>()
    thread(name = "flood") {
        val outcome =
            runCatching {
                repeat(FLOOD / AT_ONCE) {
                    repeat(AT_ONCE) { batch.add(Message.of("flood").to(target)) }
                    sender.blocking().send(batch)
                }
                FLOOD
            }
        outcome.fold(sent::complete, sent::completeExceptionally)
    }
    return sent
}
