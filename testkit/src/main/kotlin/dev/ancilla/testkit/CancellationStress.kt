package dev.ancilla.testkit

import dev.ancilla.Datagram
import dev.ancilla.DgramSocket
import dev.ancilla.Feature
import dev.ancilla.Message
import dev.ancilla.coroutines.receive
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.ints.shouldBeGreaterThan
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.coroutines.yield
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicInteger
import kotlin.time.Duration.Companion.milliseconds
import dev.ancilla.coroutines.send as sendSuspending

/**
 * Receives that are cancelled, again and again, while the messages they wait for arrive; and sockets that
 * are closed in the midst of every call.
 */
abstract class CancellationStress(subject: DgramSubject) : ContractSpec(subject) {
    init {
        scenario("100,000 cancelled receives lose no message, double none and leak no descriptor") {
            val receiver = if (subject.isUnix) receiverOf(1) else bound()
            val sender = connectedTo(receiver)
            val passing = Feature.FD_PASSING in sender.features()
            val file = if (passing) fileWith("a") else null
            val race = Race(receiver, passing)

            runBlocking(Dispatchers.Default) {
                val sending =
                    launch {
                        while (!race.isOver) {
                            // UDP loses what a full queue does not take; so few are under way.
                            while (race.underWay > 8) yield()
                            val message = Message.of("${race.sent.get()}")
                            sender.sendSuspending(if (file == null) message else message.with(file))
                            race.sent.incrementAndGet()
                            delay(1.milliseconds)
                        }
                    }
                repeat(16) { number -> launch { race.run(number) } }
                sending.join()
            }
            race.drain()

            (0 until race.sent.get()).filter { race.received[it] != 1 }.shouldBeEmpty()
            race.sent.get() shouldBeGreaterThan 100
        }
        closingStress()
    }
}

private const val CANCELLATIONS = 100_000

/** Receivers, of whom most are cancelled, and what they got. */
private class Race(private val receiver: DgramSocket, private val passing: Boolean) {
    val sent = AtomicInteger()
    val received = ConcurrentHashMap<Int, Int>()
    private val taken = AtomicInteger()
    private val cancelled = AtomicInteger()

    val isOver: Boolean get() = cancelled.get() >= CANCELLATIONS
    val underWay: Int get() = sent.get() - taken.get()

    /** Receives until there were enough cancellations, half of them by timeout and half by cancelling. */
    suspend fun run(number: Int) {
        var round = number
        while (!isOver) {
            val before = taken.get()
            val got = if (round++ % 2 == 0) byTimeout() else byCancelling()
            if (!got) cancelled.incrementAndGet()
            if (before == taken.get()) yield()
        }
    }

    private suspend fun byTimeout(): Boolean =
        withTimeoutOrNull(1.milliseconds) { take(receiver.receive()) } != null

    private suspend fun byCancelling(): Boolean = coroutineScope {
        var got = false
        val job =
            launch(start = CoroutineStart.UNDISPATCHED) {
                take(receiver.receive())
                got = true
            }
        yield()
        job.cancel()
        job.join()
        got
    }

    /** In the coroutine that received it, so that no cancellation comes between. */
    private fun take(datagram: Datagram) = datagram.use {
        received.merge(it.text().toInt(), 1, Int::plus)
        if (passing) check(it.ancillary().descriptors().size == 1) { "the descriptor is missing" }
        taken.incrementAndGet()
    }

    fun drain() {
        until("the rest has come") {
            receiver.tryReceive()?.let(::take)
            underWay == 0
        }
    }
}
