package dev.ancilla.testkit

import dev.ancilla.Datagram
import dev.ancilla.DgramSocket
import dev.ancilla.Feature
import dev.ancilla.Message
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.ints.shouldBeGreaterThan
import kotlinx.coroutines.delay
import kotlinx.coroutines.yield
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicInteger
import kotlin.random.Random
import kotlin.time.Duration.Companion.milliseconds
import dev.ancilla.coroutines.send as sendSuspending

/** Numbered messages, with a descriptor each where those can be passed, and what became of them. */
internal class Traffic(scene: Scene) {
    val receiver: DgramSocket = if (scene.subject.isUnix) scene.receiverOf(1) else scene.bound()
    private val sender = scene.connectedTo(receiver)
    private val file = if (Feature.FD_PASSING in sender.features()) scene.fileWith("a") else null
    private val sent = AtomicInteger()
    private val taken = AtomicInteger()
    private val received = ConcurrentHashMap<Int, Int>()

    private val underWay: Int get() = sent.get() - taken.get()

    /** Sends, now fast and now slowly, until [over]. */
    suspend fun sendUntil(over: () -> Boolean) {
        while (!over()) {
            // UDP loses what a full queue does not take; so few are under way.
            while (underWay > 8) yield()
            val message = Message.of("${sent.get()}")
            sender.sendSuspending(if (file == null) message else message.with(file))
            sent.incrementAndGet()
            if (Random.nextInt(4) == 0) delay(1.milliseconds)
        }
    }

    /** What a receiver does with a message: in its own coroutine, so that nothing comes between. */
    fun take(datagram: Datagram) {
        received.merge(datagram.text().toInt(), 1, Int::plus)
        if (file != null) check(datagram.ancillary().descriptors().size == 1) { "the descriptor is missing" }
        taken.incrementAndGet()
    }

    /** Takes the rest, and fails unless each message was received once. */
    fun expectEachOnce() {
        until("the rest has come") {
            receiver.tryReceive()?.use(::take)
            underWay == 0
        }
        (0 until sent.get()).filter { received[it] != 1 }.shouldBeEmpty()
        sent.get() shouldBeGreaterThan 100
    }
}
