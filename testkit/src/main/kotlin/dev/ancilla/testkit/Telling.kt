package dev.ancilla.testkit

import dev.ancilla.Datagram
import dev.ancilla.DgramListener
import dev.ancilla.DgramSocket
import dev.ancilla.Message
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.collections.shouldContainExactlyInAnyOrder
import io.kotest.matchers.shouldBe
import java.net.SocketAddress
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.TimeUnit

/** What a listener hears of receivers that are full. */
internal fun ContractSpec.congestionTold() {
    for (connected in listOf(true, false)) {
        val how = if (connected) "connected" else "unconnected"

        scenario("a listener is told of congestion once, and once when there is room, $how") {
            val receiver = bound()
            val sender = if (connected) connectedTo(receiver) else open()
            val target = receiver.localAddress().takeUnless { connected }
            val told = Told()
            sender.listen(told)
            repeat(3) { round ->
                val full = sender.fill(target)
                repeat(3) { sender.trySend(Message.of("lost").to(target)) shouldBe false }
                until("congestion $round") { told.news.size == 2 * round + 1 }
                sender.queuedSends() shouldBe 0
                told.expectNothingMore(2 * round + 1)

                repeat(full) { receiver.receiveText() shouldBe "fill" }
                until("room $round") { told.news.size == 2 * round + 2 }
                told.expectNothingMore(2 * round + 2)
            }
            told.news.shouldContainExactly(List(3) { listOf("full" to target, "room" to target) }.flatten())
            receiver.tryReceive() shouldBe null
        }
    }

    scenario("each target has its own congestion, and a message from onWritable is sent") {
        val receivers = List(3) { bound() }
        val sender = open()
        val told = Told { socket, target -> socket.trySend(Message.of("anew").to(target)) shouldBe true }
        sender.listen(told)
        val full = receivers.map { sender.fill(it.localAddress()) }
        until("all are full") { told.news.size == 3 }
        told.news.shouldContainExactlyInAnyOrder(receivers.map { "full" to it.localAddress() })

        for (index in listOf(2, 0, 1)) {
            repeat(full[index]) { receivers[index].receiveText() shouldBe "fill" }
            receivers[index].receiveText() shouldBe "anew"
            until("it is told") { told.news.last() == "room" to receivers[index].localAddress() }
        }
        told.news.size shouldBe 6
    }

    scenario("a listener that throws when it is told of congestion is told of room all the same") {
        val receiver = bound()
        val sender = open()
        val told = Told(whenFull = { error("cannot bear it") })
        sender.listen(told)
        val full = sender.fill(receiver.localAddress())
        until("congestion") { told.news.size == 1 }

        repeat(full) { receiver.receiveText() shouldBe "fill" }

        until("room") { told.news.size == 2 }
    }

    scenario("a target that goes away while it is full is told as writable, and the send meets the error") {
        val receiver = bound()
        val target = receiver.localAddress()
        val sender = open()
        val told = Told()
        sender.listen(told)
        sender.fill(target)
        until("congestion") { told.news.size == 1 }

        receiver.close()

        until("room") { told.news.size == 2 }
        runCatching { sender.trySend(Message.of("lost").to(target)) }.isFailure shouldBe true
    }

    scenario("nothing is told after the subscription or the socket was closed, and nobody waits any more") {
        for (connected in listOf(true, false)) {
            for (closing in listOf<
                (
                    DgramSocket,
                    AutoCloseable,
                ) -> Unit,
            >({ s, _ -> s.close() }, { _, l -> l.close() })) {
                val receiver = bound()
                val sender = if (connected) connectedTo(receiver) else open()
                val told = Told()
                val target = receiver.localAddress().takeUnless { connected }
                val before = Census.take()
                val subscription = sender.listen(told)
                val full = sender.fill(target)
                until("congestion") { told.news.size == 1 }

                closing(sender, subscription)
                told.closed.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)
                if (sender.isOpen) before.expectUnchanged()
                repeat(full) { receiver.receiveText() }
                if (sender.isOpen) sender.trySend(Message.of("room").to(target)) shouldBe true

                told.expectNothingMore(1)
                told.errors.shouldBeEmpty()
            }
        }
    }
}

/** Notes the news of congestion. */
private class Told(
    private val whenFull: () -> Unit = {},
    private val whenRoom: (DgramSocket, SocketAddress?) -> Unit = { _, _ -> },
) : DgramListener {
    val news = CopyOnWriteArrayList<Pair<String, SocketAddress?>>()
    val errors = CopyOnWriteArrayList<Throwable>()
    val closed = java.util.concurrent.CompletableFuture<Unit>()

    fun expectNothingMore(count: Int) {
        Thread.sleep(WATCHING_MILLIS / 2)
        news.size shouldBe count
    }

    override fun onMessage(socket: DgramSocket, datagram: Datagram) = error("nobody writes here")

    override fun onError(socket: DgramSocket, error: Throwable) {
        errors += error
    }

    override fun onCongestion(socket: DgramSocket, target: SocketAddress?) {
        news += "full" to target
        whenFull()
    }

    override fun onWritable(socket: DgramSocket, target: SocketAddress?) {
        whenRoom(socket, target)
        news += "room" to target
    }

    override fun onClose(socket: DgramSocket) {
        closed.complete(Unit)
    }
}
