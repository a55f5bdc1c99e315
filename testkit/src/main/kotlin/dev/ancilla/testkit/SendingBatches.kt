package dev.ancilla.testkit

import dev.ancilla.Errno
import dev.ancilla.Message
import dev.ancilla.SendBatch
import dev.ancilla.SocketOpException
import dev.ancilla.UnixAddress
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.ints.shouldBeGreaterThan
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.types.shouldBeInstanceOf
import java.net.SocketAddress
import java.net.SocketTimeoutException
import java.nio.ByteBuffer
import java.time.Duration
import kotlin.concurrent.thread

/** Many messages at a time, out: whole, in order, and what did not go is still there. */
internal fun ContractSpec.sendingBatches() {
    inEveryStyle("a batch sends its messages whole and in order, and is empty then", Style.batching) {
        val receiver = bound()
        val sender = connectedNamed(receiver, Wish(sendBuffer = 212_992))
        val target = receiver.localAddress().takeUnless { subject.isUnix }
        val batch = keep(sender.newSendBatch(8, 2_048))
        val sizes = listOf(0, 64, 2_047, 2_048, 2_049, 16_384, if (subject.isUnix) 100_000 else 60_000)
        repeat(3) {
            for (size in sizes) batch.add(Message.of(contentOf(size)).to(target)) shouldBe true
            batch.count() shouldBe sizes.size

            val send = style.sendBatch(sender, batch)
            for (size in sizes) {
                receiver.receive().use { datagram ->
                    withClue("$size bytes") { datagram.bytes().contentEquals(contentOf(size)) shouldBe true }
                    datagram.sender() shouldBe sender.localAddress()
                }
            }

            send.await()
            batch.count() shouldBe 0
            (sender.queuedSends() to sender.queuedBytes()) shouldBe (0 to 0L)
        }
        sender.sendBatch(batch) // With nothing in it.
        sender.trySend(batch) shouldBe 0
        receiver.tryReceive() shouldBe null
    }

    inEveryStyle("the messages of a batch go each to its own target, in their order", Style.batching) {
        val receivers = List(3) { bound() }
        val sender = bound()
        val batch = keep(sender.newSendBatch(12))
        repeat(12) { batch.add(Message.of("$it").to(receivers[it % 3].localAddress())) }

        sender.sendBatch(batch)

        receivers.forEachIndexed { index, receiver ->
            repeat(4) {
                receiver.receive().use { datagram ->
                    datagram.text() shouldBe "${it * 3 + index}"
                    datagram.sender() shouldBe sender.localAddress()
                }
            }
        }
    }

    inEveryStyle(
        "a message that fails in the midst stays first, and without it the rest goes",
        Style.batching,
    ) {
        val receiver = bound()
        val sender = bound(Wish(sendBuffer = 8_192))
        val target = receiver.localAddress()
        val batch = keep(sender.newSendBatch(5))
        batch.addAll(target, "first", "x".repeat(100_000), "second", "y".repeat(100_000), "third")

        val first = shouldThrow<SocketOpException> { sender.sendBatch(batch) }
        first.errno() shouldBe Errno.EMSGSIZE
        first.operation() shouldBe "send"
        batch.count() shouldBe 4
        shouldThrow<SocketOpException> { sender.trySend(batch) }.errno() shouldBe Errno.EMSGSIZE
        batch.count() shouldBe 4
        sender.queuedSends() shouldBe 0

        batch.removeFirst()
        sender.trySend(batch) shouldBe 1 // Up to the next that fails, which is met by the next call.
        shouldThrow<SocketOpException> { sender.trySend(batch) }.errno() shouldBe Errno.EMSGSIZE
        batch.removeFirst()
        sender.sendBatch(batch)
        List(3) { receiver.receiveText() }.shouldContainExactly("first", "second", "third")
        receiver.tryReceive() shouldBe null
    }

    inEveryStyle(
        "a batch without a target on a socket without a peer fails, and is as it was",
        Style.batching,
    ) {
        val sender = bound()
        val batch = keep(sender.newSendBatch(2))
        batch.add(Message.of("nowhere"))
        shouldThrow<SocketOpException> { sender.sendBatch(batch) }.operation() shouldBe "send"
        batch.count() shouldBe 1
    }

    inEveryStyle("a batch to send of another provider is refused, and a closed one", Style.batching) {
        val sender = connectedTo(bound())
        val strange = strangeSendBatch()
        shouldThrow<IllegalArgumentException> { sender.sendBatch(strange) }.message shouldContain
            subject.provider
        shouldThrow<IllegalArgumentException> { sender.trySend(strange) }
        shouldThrow<IllegalArgumentException> { sender.beginSend(strange) }

        val batch = sender.newSendBatch(2)
        batch.add(Message.of("dropped"))
        repeat(2) { batch.close() }
        shouldThrow<IllegalStateException> { sender.sendBatch(batch) }
        shouldThrow<IllegalStateException> { sender.trySend(batch) }
        shouldThrow<IllegalStateException> { sender.beginSend(batch) }
        shouldThrow<IllegalStateException> { batch.add(Message.of("late")) }
        shouldThrow<IllegalStateException> { batch.add(ByteBuffer.allocate(1), null) }
        shouldThrow<IllegalStateException> { batch.add(ByteBuffer.allocate(1), 1, null) }
        shouldThrow<IllegalStateException> { batch.removeFirst() }
        batch.clear()
        batch.count() shouldBe 0
        sender.queuedSends() shouldBe 0
    }

    scenario("a batch that is closed while another thread sends it is refused, and nothing worse") {
        val receiver = bound()
        receiver.listen { _, _ -> }
        val sender = connectedTo(receiver)
        repeat(500) { round ->
            val batch = sender.newSendBatch(16)
            repeat(16) { batch.add(Message.of("$it")) }
            val closer =
                thread {
                    repeat(round % 50 * 20) { Thread.onSpinWait() }
                    batch.close()
                }
            val style = Style.batching[round % Style.batching.size]
            style
                .sendBatch(sender, batch)
                .result()
                .exceptionOrNull()
                ?.shouldBeInstanceOf<IllegalStateException>()
            closer.join()
        }
        sender.queuedSends() shouldBe 0
        sender.send("after")
    }
}

/** Waiting for room in the midst of a batch. */
internal fun ContractSpec.batchesThatWait() {
    for (connected in listOf(true, false)) {
        val how = if (connected) "connected" else "unconnected"

        inEveryStyle("O52 a batch of 300 to a slow receiver arrives in order, $how", Style.batching) {
            val full = Full(this, connected)
            val batch = keep(full.sender.newSendBatch(300, 16))
            repeat(300) { batch.add(full.message("PING$it")) }
            val send = style.sendBatch(full.sender, batch)
            val bytes = (0 until 300).sumOf { "PING$it".length.toLong() }
            until("it waits") { full.sender.queuedSends() == 300 && full.sender.queuedBytes() == bytes }

            repeat(full.count) { full.receiver.receiveText() shouldBe "fill" }
            repeat(300) {
                if (it % 50 == 0) Thread.sleep(5)
                full.receiver.receiveText() shouldBe "PING$it"
            }

            send.await()
            batch.count() shouldBe 0
            (full.sender.queuedSends() to full.sender.queuedBytes()) shouldBe (0 to 0L)
            full.receiver.tryReceive() shouldBe null
        }

        inEveryStyle("a batch that is given up in the midst keeps what was not sent, $how", Style.batching) {
            val full = Full(this, connected)
            // More than a receiver can take ahead while it is asked for a few, and its queue besides.
            val batch = keep(full.sender.newSendBatch(300, 16))
            repeat(300) { batch.add(full.message("$it")) }
            val send = style.sendBatch(full.sender, batch)
            send.expectWaiting()
            repeat(full.count) { full.receiver.receiveText() shouldBe "fill" }
            repeat(3) { full.receiver.receiveText() shouldBe "$it" }
            until("it waits again") { full.sender.queuedSends() <= 300 - 3 }

            send.cancel()
            send.expectThrown(style.givenUp)

            full.sender.queuedSends() shouldBe 0
            val left = batch.count()
            left shouldBeGreaterThan 0
            val rest = style.sendBatch(full.sender, batch)
            for (number in 3 until 300) full.receiver.receiveText() shouldBe "$number"
            rest.await()
            full.receiver.tryReceive() shouldBe null
        }

        inEveryStyle(
            "closing the socket ends a batch that waits, which keeps its messages, $how",
            Style.batching,
        ) {
            val full = Full(this, connected)
            val batch = keep(full.sender.newSendBatch(4))
            repeat(4) { batch.add(full.message("never")) }
            val send = style.sendBatch(full.sender, batch)
            until("it waits") { full.sender.queuedSends() == 4 }

            full.sender.close()

            send.result().exceptionOrNull().shouldBeInstanceOf<java.nio.channels.ClosedChannelException>()
            batch.count() shouldBe 4
        }

        inEveryStyle("a batch that is closed while its call waits sends no more, $how", Style.batching) {
            val full = Full(this, connected)
            val batch = keep(full.sender.newSendBatch(4))
            repeat(4) { batch.add(full.message("never")) }
            val send = style.sendBatch(full.sender, batch)
            until("it waits") { full.sender.queuedSends() == 4 }

            batch.close()
            repeat(full.count) { full.receiver.receiveText() shouldBe "fill" }

            send.result().exceptionOrNull().shouldBeInstanceOf<IllegalStateException>()
            full.sender.queuedSends() shouldBe 0
            full.sender.send(full.message("after"))
            full.receiver.receiveText() shouldBe "after"
        }

        scenario("a try with a batch sends what has room, and a wait has its deadline, $how") {
            val full = Full(this, connected)
            val batch = keep(full.sender.newSendBatch(64))
            repeat(64) { batch.add(full.message("$it")) }
            full.sender.trySend(batch) shouldBe 0
            repeat(full.count) { full.receiver.receiveText() shouldBe "fill" }

            val sent = full.sender.trySend(batch)
            sent shouldBeGreaterThan 0
            batch.count() shouldBe 64 - sent
            shouldThrow<SocketTimeoutException> {
                full.sender.blocking().send(batch, Duration.ofMillis(20))
            }
            batch.count() shouldBe 64 - sent
            full.sender.queuedSends() shouldBe 0
            repeat(sent) { full.receiver.receiveText() shouldBe "$it" }
            full.receiver.tryReceive() shouldBe null
        }
    }

    inEveryStyle("nobody at a target in the midst of a batch is told with its address", Style.batching) {
        val receiver = bound()
        val sender = open()
        val missing = UnixAddress.path(freshPath())
        val batch = keep(sender.newSendBatch(3))
        batch.addAll(receiver.localAddress(), "before")
        batch.addAll(missing, "lost")
        batch.addAll(receiver.localAddress(), "behind")

        val failure = shouldThrow<SocketOpException> { sender.sendBatch(batch) }
        failure.errno() shouldBe Errno.ENOENT
        failure.remoteAddress() shouldBe missing
        batch.count() shouldBe 2

        batch.removeFirst()
        sender.sendBatch(batch)
        List(2) { receiver.receiveText() }.shouldContainExactly("before", "behind")
    }
}

internal fun SendBatch.addAll(target: SocketAddress?, vararg texts: String) =
    texts.forEach { add(Message.of(it).to(target)) shouldBe true }

/** A batch that is no provider's here. */
private fun strangeSendBatch(): SendBatch = object : SendBatch {
    override fun isOpen() = true

    override fun capacity() = 1

    override fun count() = 1

    override fun add(payload: ByteBuffer, target: SocketAddress?) = false

    override fun add(payloads: ByteBuffer, size: Int, target: SocketAddress?) = 0

    override fun add(message: Message) = false

    override fun removeFirst() = Unit

    override fun clear() = Unit

    override fun close() = Unit
}
