package dev.ancilla.testkit

import dev.ancilla.Message
import dev.ancilla.UnixDgramSocket
import dev.ancilla.spi.PendingSend
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.ints.shouldBeGreaterThan
import io.kotest.matchers.ints.shouldBeInRange
import io.kotest.matchers.ints.shouldBeLessThan
import io.kotest.matchers.shouldBe
import io.kotest.matchers.types.shouldBeInstanceOf
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import java.nio.channels.ClosedChannelException
import java.util.concurrent.CompletableFuture
import java.util.concurrent.atomic.AtomicInteger
import kotlin.concurrent.thread
import dev.ancilla.coroutines.send as sendSuspending

/** Waiting for room at a receiver that is full. */
internal fun ContractSpec.congestion() {
    for (connected in listOf(true, false)) {
        val how = if (connected) "connected" else "unconnected"

        inEveryStyle("O52 300 messages to a slow receiver arrive in order, $how") {
            val receiver = bound()
            val sender = if (connected) connectedTo(receiver) else open()
            val target = receiver.localAddress().takeUnless { connected }
            val full = sender.fill(target)
            val pings = thread(name = "pings") { repeat(300) { sender.send("PING$it", target) } }

            repeat(full) { receiver.receiveText() shouldBe "fill" }
            repeat(300) {
                if (it % 50 == 0) Thread.sleep(5)
                receiver.receiveText() shouldBe "PING$it"
            }
            pings.join()
            receiver.tryReceive() shouldBe null
        }

        scenario("waiting for room makes few attempts and goes on when there is some, $how") {
            val receiver = bound()
            val sender = if (connected) connectedTo(receiver) else open()
            val target = receiver.localAddress().takeUnless { connected }
            val full = sender.fill(target)
            val counting = Counting(sender as UnixDgramSocket)

            val send =
                CoroutineScope(
                    Dispatchers.Default,
                ).launch { counting.sendSuspending(Message.of("late").to(target)) }
            Thread.sleep(WATCHING_MILLIS * 5)
            counting.attempts.get() shouldBeInRange 1..10
            send.isCompleted shouldBe false

            repeat(full) { receiver.receiveText() shouldBe "fill" }
            receiver.receiveText() shouldBe "late"
            runBlocking { send.join() }
            counting.attempts.get() shouldBeLessThan 10 + 2 * full
        }

        inEveryStyle("closing from another thread wakes every sender, $how") {
            val receiver = bound()
            val sender = if (connected) connectedTo(receiver) else open()
            val target = receiver.localAddress().takeUnless { connected }
            sender.fill(target)
            val waiting = List(4) { style.send(sender, Message.of("never").to(target)) }
            until("all wait") { sender.queuedSends() == 4 }

            thread { sender.close() }

            for (call in waiting) call.result().exceptionOrNull().shouldBeInstanceOf<ClosedChannelException>()
        }
    }

    inEveryStyle("a receiver that hangs holds up no message to another", Style.sending) {
        val hung = bound()
        val live = bound()
        val sender = open()
        val other = open()
        // What it does not read is more than a quarter of the sender's buffer, which then polls as full.
        val large = Message.of(ByteArray(4_096)).to(hung.localAddress())
        until("it is full") { !sender.trySend(large) }
        // A wake after which nothing was sent.
        val woken = CompletableFuture<Unit>()
        val first = other.fill(live.localAddress())
        sender.readiness().armSend(live.localAddress()) { woken.complete(Unit) }
        repeat(first) { live.receiveText() shouldBe "fill" }
        woken.join("a wake")

        val full = other.fill(live.localAddress())
        val send = style.send(sender, Message.of("late").to(live.localAddress()))
        send.expectWaiting()
        repeat(full) { live.receiveText() shouldBe "fill" }

        send.await()
        live.receiveText() shouldBe "late"
    }

    inEveryStyle("O28 sends that wait are counted, with their bytes, until they have ended") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        (sender.queuedSends() to sender.queuedBytes()) shouldBe (0 to 0L)
        val full = sender.fill()

        val waiting = List(2) { style.send(sender, Message.of("12345")) }
        until("both wait") { sender.queuedSends() == 2 && sender.queuedBytes() == 10L }
        repeat(full + 2) { receiver.receiveText() }
        waiting.forEach(Call<Unit>::await)

        (sender.queuedSends() to sender.queuedBytes()) shouldBe (0 to 0L)
    }

    inEveryStyle("a full target holds up no send to another") {
        val sender = open()
        val receivers = List(3) { bound() }
        val full = receivers.map { sender.fill(it.localAddress()) }
        val sends = receivers.map { style.send(sender, Message.of("late").to(it.localAddress())) }
        sends.last().expectWaiting()
        val free = bound()

        sender.send("at once", free.localAddress())
        free.receiveText() shouldBe "at once"
        for (index in listOf(1, 2, 0)) {
            repeat(full[index]) { receivers[index].receiveText() shouldBe "fill" }
            sends[index].await()
            receivers[index].receiveText() shouldBe "late"
            sends.count { it.isDone } shouldBe listOf(1, 2, 0).indexOf(index) + 1
        }
    }

    inEveryStyle("a full send buffer of its own makes a send wait, however free its target is") {
        val slow = bound()
        val free = bound()
        val sender = open(Wish(sendBuffer = 16_384))
        val large = ByteArray(6_000)
        var queued = 0
        while (sender.trySend(Message.of(large).to(slow.localAddress()))) queued++
        queued shouldBeGreaterThan 0
        queued shouldBeLessThan 11
        val send = style.send(sender, Message.of(large).to(free.localAddress()))
        send.expectWaiting()

        repeat(queued) { slow.receive().use { it.size() shouldBe large.size } }

        send.await()
        free.receive().use { it.size() shouldBe large.size }
    }

    scenario("waiting for its own full send buffer makes few attempts") {
        val slow = bound()
        val free = bound()
        val sender = open(Wish(sendBuffer = 16_384))
        val large = Message.of(ByteArray(6_000))
        while (sender.trySend(large.to(slow.localAddress()))) Thread.onSpinWait()
        val counting = Counting(sender as UnixDgramSocket)

        val send =
            CoroutineScope(Dispatchers.Default).launch {
                counting.sendSuspending(large.to(free.localAddress()))
            }
        Thread.sleep(WATCHING_MILLIS * 5)

        counting.attempts.get() shouldBeInRange 1..10
        send.cancel()
        runBlocking { send.join() }
    }

    inEveryStyle(
        "sends of one caller to one full target arrive in the order in which they were made",
        listOf(Async),
    ) {
        val receiver = bound()
        val sender = open()
        val full = sender.fill(receiver.localAddress())
        val sends = List(30) { style.send(sender, Message.of("$it").to(receiver.localAddress())) }

        repeat(full) { receiver.receiveText() shouldBe "fill" }

        List(30) { receiver.receiveText() }.shouldContainExactly(List(30) { "$it" })
        sends.forEach(Call<Unit>::await)
    }
}

/** The same socket, whose attempts to send are counted. */
internal class Counting(private val socket: UnixDgramSocket) : UnixDgramSocket by socket {
    val attempts = AtomicInteger()

    override fun beginSend(message: Message): PendingSend {
        val send = socket.beginSend(message)
        return object : PendingSend by send {
            override fun attempt(): Boolean {
                attempts.incrementAndGet()
                return send.attempt()
            }
        }
    }
}
