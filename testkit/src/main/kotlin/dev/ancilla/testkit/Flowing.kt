package dev.ancilla.testkit

import dev.ancilla.Ancillary
import dev.ancilla.DgramSocket
import dev.ancilla.Feature
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.coroutines.asCoroutineDispatcher
import dev.ancilla.coroutines.awaitWritable
import dev.ancilla.coroutines.incoming
import dev.ancilla.coroutines.receiveBatch
import dev.ancilla.coroutines.receiveOrNull
import dev.ancilla.coroutines.sendAll
import dev.ancilla.coroutines.watchdog
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.throwables.shouldThrowAny
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.ints.shouldBeLessThan
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.yield
import java.lang.ref.WeakReference
import java.util.concurrent.CompletableFuture
import java.util.concurrent.atomic.AtomicInteger
import kotlin.random.Random
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import dev.ancilla.coroutines.receive as receiveSuspending
import dev.ancilla.coroutines.send as sendSuspending

private const val CANCELLATIONS = 10_000

/** More than the queue of a Unix receiver takes on any Linux. */
private const val MANY = 1_000

/** Messages as a flow, in batches, and for a limited time: what leaves the socket is given to somebody. */
internal fun ContractSpec.flowing() {
    scenario("a collector cancelled at a random moment 10,000 times loses nothing and leaks nothing") {
        val traffic = Traffic(this)
        val cancelled = AtomicInteger()
        playing {
            launch { traffic.sendUntil { cancelled.get() >= CANCELLATIONS } }
            repeat(2) {
                launch {
                    while (cancelled.incrementAndGet() <= CANCELLATIONS) {
                        val collector = launch { traffic.receiver.incoming().collect(traffic::take) }
                        if (Random.nextBoolean()) yield()
                        repeat(Random.nextInt(2_000)) { Thread.onSpinWait() }
                        if (Random.nextInt(20) == 0) delay(1.milliseconds)
                        collector.cancelAndJoin()
                    }
                }
            }
        }
        traffic.expectEachOnce()
    }

    scenario("receives whose time is over race with messages 10,000 times and lose nothing") {
        val traffic = Traffic(this)
        val attempts = AtomicInteger()
        playing {
            launch { traffic.sendUntil { attempts.get() >= CANCELLATIONS } }
            repeat(8) {
                launch {
                    while (attempts.incrementAndGet() <= CANCELLATIONS) {
                        val patience = if (Random.nextInt(8) == 0) Duration.ZERO else 1.milliseconds
                        traffic.receiver.receiveOrNull(patience)?.use(traffic::take)
                    }
                }
            }
        }
        traffic.expectEachOnce()
    }

    scenario("a flow takes what its collector wants, leaves the rest, and ends with the socket") {
        val receiver = if (subject.isUnix) receiverOf(1) else bound()
        val sender = connectedTo(receiver)
        val file = if (subject.isUnix) fileWith("a") else null
        playing {
            sender.sendAll(
                List(5) { Message.of("$it") }.map { if (file == null) it else it.with(file) },
            )
            receiver.incoming().map { it.text() }.take(2).toList().shouldContainExactly("0", "1")
            shouldThrow<IllegalStateException> { receiver.incoming().collect { error("not this one") } }
            receiver.receiveSuspending().use { it.text() shouldBe "3" }

            val rest = receiver.incoming().map { datagram -> datagram.text().also { receiver.close() } }
            rest.toList().shouldContainExactly("4")
        }
    }

    scenario("a batch is what is there, each message with its own descriptors") {
        val receiver = if (subject.isUnix) receiverOf(1) else bound()
        val sender = connectedTo(receiver)
        val sent =
            List(6) { Message.of("$it").let { m -> if (subject.isUnix) m.with(fileWith("$it")) else m } }
        playing {
            sender.sendAll(sent)
            val batches = listOf(receiver.receiveBatch(4), receiver.receiveBatch())

            batches.map { it.size }.shouldContainExactly(4, 2)
            for (datagram in batches.flatten()) {
                val text = datagram.text()
                if (subject.isUnix) datagram.readDescriptors().shouldContainExactly(text)
            }
            val waiting = async(start = CoroutineStart.UNDISPATCHED) { receiver.receiveBatch() }
            waiting.cancelAndJoin()
            sender.sendSuspending("next")
            receiver.receiveBatch().single().use { it.text() shouldBe "next" }
        }
    }

    scenario("a list is sent in order, long messages among short ones, and up to the one that is refused") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        val sent = List(150) { if (it % 50 == 7) "$it".padEnd(5_000, '.') else "$it" }
        playing {
            val sending = launch { sender.sendAll(sent.map { Message.of(it) }) }
            sent.forEach { receiver.receiveSuspending().use { datagram -> datagram.text() shouldBe it } }
            sending.join()

            val refused = Message.of("refused").to(subject.foreignAddress)
            shouldThrow<IllegalArgumentException> {
                sender.sendAll(listOf(Message.of("a"), Message.of("b"), refused, Message.of("never")))
            }
            repeat(2) {
                receiver.receiveSuspending().use { datagram ->
                    datagram.text() shouldBe
                        "ab"[it].toString()
                }
            }
            receiver.tryReceive() shouldBe null
        }
    }

    scenario("what comes before the failure of a list is sent, whatever failed") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        val before = listOf(Message.of("a"), Message.of("b"))
        val broken = before.asSequence() + sequence { error("here") }
        val lists = mutableListOf(broken.asIterable())
        if (Feature.FD_PASSING !in sender.features()) {
            lists += before + Message.of("refused").with(Ancillary.lend(OwnedFd.wrap(someHandle())))
        }
        for (list in lists) {
            playing {
                shouldThrowAny { sender.sendAll(list) }
                withTimeout(PATIENCE_MILLIS) {
                    List(2) { receiver.receiveSuspending().use { it.text() } }.shouldContainExactly("a", "b")
                }
            }
            receiver.tryReceive() shouldBe null
        }
    }

    scenario("a socket that has sent a list is forgotten once it is closed") {
        val receiver = bound()
        val closed = sentListAndClosed(receiver)
        until("nobody has it") {
            System.gc()
            closed.get() == null
        }
    }

    scenario("a coroutine that is flooded on the loop leaves another one its turns") {
        val loop = newEventLoop("shared")
        val flooded = bound(Wish(loop = loop))
        val quiet = bound(Wish(loop = loop))
        val flooder = connectedTo(flooded, Wish(loop = newEventLoop("flood")))
        val other = connectedTo(quiet, Wish(loop = newEventLoop("other")))
        playing {
            val taken = AtomicInteger()
            val drain =
                launch(loop.asCoroutineDispatcher()) {
                    flooded.incoming().collect { taken.incrementAndGet() }
                }
            val flood = launch { while (true) flooder.sendSuspending("flood") }
            withContext(loop.asCoroutineDispatcher()) {
                repeat(20) { round ->
                    val before = taken.get()
                    while (taken.get() == before) yield()
                    launch { other.sendSuspending("$round") }
                    quiet.receiveSuspending().use { it.text() shouldBe "$round" }
                }
            }
            flood.cancelAndJoin()
            drain.cancelAndJoin()
        }
    }

    scenario("what blocks the loop is reported with the place where it does, and the loop goes on") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        val told = CompletableFuture<Throwable>()
        receiver.eventLoop().watchdog(20.milliseconds, told::complete).use {
            playing {
                withContext(receiver.eventLoop().asCoroutineDispatcher()) { holdUp(told) }
                sender.sendSuspending("after")
                receiver.receiveSuspending().use { it.text() shouldBe "after" }
            }
        }
        told.join("the report").stackTrace.any { it.methodName == "holdUp" } shouldBe true
    }

    if (!isUnix) return

    scenario("a slow collector makes the sender wait, and gets everything in order") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        val sent = AtomicInteger()
        playing {
            val goOn = CompletableFuture<Unit>()
            val texts =
                async {
                    receiver
                        .incoming()
                        .map { datagram ->
                            goOn.join("the sender waits")
                            datagram.text()
                        }.take(MANY)
                        .toList()
                }
            val sending =
                launch {
                    repeat(MANY) {
                        sender.sendSuspending("$it")
                        sent.incrementAndGet()
                    }
                }
            until("the sender waits") {
                val before = sent.get()
                Thread.sleep(WATCHING_MILLIS)
                sent.get() == before && before > 0
            }
            sender.queuedSends() shouldBe 1
            // As many as the kernel's queue takes, and the one that the collector has.
            sent.get() shouldBeLessThan MANY
            goOn.complete(Unit)
            texts.await().shouldContainExactly(List(MANY) { "$it" })
            sending.join()
        }
    }

    scenario("awaitWritable waits for room at its own target, and leaves nothing behind") {
        val full = bound()
        val free = bound()
        val sender = open()
        val taken = sender.fill(full.localAddress())
        startLoopOf(sender)
        val before = Census.take()
        playing {
            withTimeout(PATIENCE_MILLIS) { sender.awaitWritable(free.localAddress()) }
            val cancelled = launch { sender.awaitWritable(full.localAddress()) }
            val waiting = launch { sender.awaitWritable(full.localAddress()) }
            Thread.sleep(WATCHING_MILLIS)
            (cancelled.isActive && waiting.isActive) shouldBe true
            cancelled.cancelAndJoin()

            repeat(taken) { full.receiveText() }
            waiting.join()
            sender.trySend(Message.of("room").to(full.localAddress())) shouldBe true
        }
        before.expectUnchanged()
    }
}

/** A socket that nobody of the test has any more. */
private fun Scene.sentListAndClosed(receiver: DgramSocket): WeakReference<DgramSocket> =
    subject.open().use { sender ->
        sender.tryConnect(receiver.localAddress())
        playing { sender.sendAll(listOf(Message.of("a"), Message.of("b"))) }
        WeakReference(sender)
    }

/** What nobody should do on a loop. */
private fun holdUp(told: CompletableFuture<*>) {
    told.join("the report")
}
