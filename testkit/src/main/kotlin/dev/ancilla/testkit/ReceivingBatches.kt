package dev.ancilla.testkit

import dev.ancilla.DgramSocket
import dev.ancilla.Message
import dev.ancilla.ReceiveBatch
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.collections.shouldContainExactlyInAnyOrder
import io.kotest.matchers.ints.shouldBeInRange
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.types.shouldBeInstanceOf
import java.net.SocketTimeoutException
import java.nio.channels.ClosedChannelException
import java.time.Duration
import java.util.concurrent.CompletableFuture
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.atomic.AtomicBoolean
import kotlin.concurrent.thread

/** Sizes around what a batch has room for, and far from it. */
private val SIZES = listOf(0, 64, 2_047, 2_048, 2_049, 16_384)

/** Many messages at a time: the same messages in the same order, whoever else receives. */
internal fun ContractSpec.receivingBatches() {
    for (capacity in listOf(1, 3, 64)) {
        inEveryStyle(
            "a batch of $capacity brings whole messages in order, whatever their size",
            Style.batching,
        ) {
            val receiver = bound()
            val sender = keep(connectedNamed(receiver, Wish(sendBuffer = 212_992)))
            val target = receiver.localAddress().takeUnless { subject.isUnix }
            val sizes = SIZES + if (subject.isUnix) 200_000 else 60_000
            // A full queue makes them wait, in order.
            val sends = sizes.map { Async.send(sender, Message.of(contentOf(it)).to(target)) }
            val batch = keep(receiver.newReceiveBatch(capacity))
            batch.capacity() shouldBe capacity

            val left = ArrayDeque(sizes)
            while (left.isNotEmpty()) {
                val count = receiver.receiveBatch(batch)
                count shouldBeInRange 1..minOf(capacity, left.size)
                batch.count() shouldBe count
                for (index in 0 until count) {
                    val size = left.removeFirst()
                    withClue("$size bytes") {
                        repeat(2) { batch.bytes(index).contentEquals(contentOf(size)) shouldBe true }
                        batch.payload(index).isReadOnly shouldBe true
                        batch.size(index) shouldBe size
                        batch.truncated(index) shouldBe false
                        batch.sender(index) shouldBe sender.localAddress()
                        batch.ancillary(index).descriptors().shouldBeEmpty()
                    }
                }
                shouldThrow<IndexOutOfBoundsException> { batch.payload(count) }
                shouldThrow<IndexOutOfBoundsException> { batch.sender(-1) }
            }
            sends.forEach(Call<Unit>::await)
            receiver.tryReceive(batch) shouldBe 0
            batch.count() shouldBe 0
        }
    }

    inEveryStyle("a batch with room for no byte, or for many, brings whole messages too", Style.batching) {
        val receiver = bound()
        val sender = connectedTo(receiver)
        for (bytes in listOf(0, 1, 100, 1 shl 20)) {
            val batch = keep(receiver.newReceiveBatch(2, bytes))
            for (size in listOf(99, 100, 101)) {
                sender.send(Message.of(contentOf(size)))
                receiver.receiveBatch(batch) shouldBe 1
                batch.bytes(0).contentEquals(contentOf(size)) shouldBe true
            }
        }
    }

    inEveryStyle("a limit cuts the messages of a batch, and each tells how long it was", Style.batching) {
        val receiver = bound(Wish(limit = 100))
        val sender = connectedTo(receiver)
        // The first with less room than the limit, the second with more.
        for (bytes in listOf(10, 2_048)) {
            val batch = keep(receiver.newReceiveBatch(1, bytes))
            for (size in listOf(5_000, 99, 100, 101)) {
                sender.send(Message.of(contentOf(size)))
                receiver.receiveBatch(batch) shouldBe 1
                withClue("$size bytes") {
                    batch.bytes(0).contentEquals(contentOf(size).copyOf(minOf(size, 100))) shouldBe true
                    batch.size(0) shouldBe size
                    batch.truncated(0) shouldBe (size > 100)
                }
            }
        }
    }

    inEveryStyle("what a batch has no room for stays for the next call, of any kind", Style.batching) {
        val receiver = bound()
        val sender = connectedTo(receiver)
        val batch = keep(receiver.newReceiveBatch(3))
        repeat(8) { sender.send("$it") }

        val got = ArrayList<String>()
        while (got.size < 6) {
            repeat(receiver.receiveBatch(batch)) { got += batch.text(it) }
            if (got.size < 8) got += receiver.receiveText()
        }
        while (got.size < 8) repeat(receiver.receiveBatch(batch)) { got += batch.text(it) }

        got.shouldContainExactly(List(8) { "$it" })
        receiver.tryReceive() shouldBe null
    }

    inEveryStyle("receives and batches by turns get each message once, in order", Style.batching) {
        val receiver = bound()
        val sender = connectedTo(receiver)
        val batches = listOf(1, 2, 5).map { keep(receiver.newReceiveBatch(it)) }
        repeat(40) { round ->
            val sent = List(8) { "$round.$it" }
            sent.forEach { sender.send(it) }
            val got = ArrayList<String>()
            var turn = round
            while (got.size < sent.size) {
                when (turn++ % 4) {
                    0 -> {
                        got += receiver.receiveText()
                    }

                    1 -> {
                        receiver.tryReceive()?.use { got += it.text() }
                    }

                    2 -> {
                        batches[turn % 3].let { b -> repeat(receiver.tryReceive(b)) { got += b.text(it) } }
                    }

                    else -> {
                        batches[turn % 3].let { b ->
                            repeat(receiver.receiveBatch(b)) { got += b.text(it) }
                        }
                    }
                }
            }
            got shouldBe sent
        }
    }

    scenario("receivers of every style, of one message or of many, wait side by side and lose nothing") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        repeat(5) { round ->
            val singles = Style.all.map { it.receive(receiver) }
            val batches = Style.batching.map { keep(receiver.newReceiveBatch(1)) }
            val many = Style.batching.zip(batches) { style, batch -> style.receiveBatch(receiver, batch) }
            val sent = List(singles.size + many.size) { "$round.$it" }

            sent.forEach { sender.send(it) }

            many.forEach { it.await() shouldBe 1 }
            val got = singles.map { call -> call.await().use { it.text() } } + batches.map { it.text(0) }
            got.shouldContainExactlyInAnyOrder(sent)
        }
    }

    inEveryStyle("a batch call that is given up has received nothing", Style.batching) {
        val receiver = bound()
        val sender = connectedTo(receiver)
        val batch = keep(receiver.newReceiveBatch(4))
        val call = style.receiveBatch(receiver, batch)
        call.expectWaiting()

        call.cancel()
        call.expectThrown(style.givenUp)

        sender.send("kept")
        receiver.receiveText() shouldBe "kept"
    }

    inEveryStyle("a batch call that is given up in a race with messages loses none", Style.batching) {
        val receiver = bound()
        val sender = connectedTo(receiver)
        val batch = keep(receiver.newReceiveBatch(4))
        repeat(200) { round ->
            val call = style.receiveBatch(receiver, batch)
            val sends = List(2) { Async.send(sender, Message.of("$round.$it")) }
            repeat(round) { Thread.onSpinWait() }
            call.cancel()
            sends.forEach(Call<Unit>::await)

            val got = ArrayList<String>()
            call
                .result()
                .onSuccess { count -> repeat(count) { got += batch.text(it) } }
                .onFailure { call.expectThrown(style.givenUp) }
            while (got.size < 2) got += receiver.receiveText()
            got.shouldContainExactly("$round.0", "$round.1")
        }
        receiver.tryReceive() shouldBe null
    }

    scenario("a batch call has its deadline, and what it held is gone all the same") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        val batch = keep(receiver.newReceiveBatch(4))
        sender.send("first")
        receiver.blocking().receiveBatch(batch, Duration.ofMillis(PATIENCE_MILLIS)) shouldBe 1

        for (timeout in listOf(Duration.ofMillis(20), Duration.ZERO)) {
            shouldThrow<SocketTimeoutException> { receiver.blocking().receiveBatch(batch, timeout) }
        }
        shouldThrow<IllegalArgumentException> {
            receiver.blocking().receiveBatch(batch, Duration.ofMillis(-1))
        }

        batch.count() shouldBe 0
        sender.send("kept")
        receiver.receiveText() shouldBe "kept"
    }

    scenario("sizes that no batch has are refused, with the call and the number") {
        val socket = open()
        for (messages in listOf(Int.MIN_VALUE, -1, 0, 1_025)) {
            val refusals =
                mapOf(
                    "newReceiveBatch" to { socket.newReceiveBatch(messages) },
                    "newSendBatch" to { socket.newSendBatch(messages) },
                )
            for ((name, call) in refusals) {
                shouldThrow<IllegalArgumentException> { call() }.message shouldContain "$name: $messages mess"
            }
        }
        for (bytes in listOf(Int.MIN_VALUE, -1, (1 shl 20) + 1)) {
            val refusals =
                mapOf(
                    "newReceiveBatch" to { socket.newReceiveBatch(1, bytes) },
                    "newSendBatch" to { socket.newSendBatch(1, bytes) },
                )
            for ((name, call) in refusals) {
                shouldThrow<IllegalArgumentException> { call() }.message shouldContain "$name: $bytes bytes"
            }
        }
        for ((messages, bytes) in listOf(1 to 0, 1_024 to 0, 1 to (1 shl 20))) {
            socket.newReceiveBatch(messages, bytes).use { it.capacity() shouldBe messages }
            socket.newSendBatch(messages, bytes).use { it.capacity() shouldBe messages }
        }
    }

    inEveryStyle(
        "a batch of another provider is refused, one of another socket of this provider is not",
        Style.batching,
    ) {
        val receiver = bound()
        val sender = connectedTo(receiver)
        val strange = strangeBatch()

        shouldThrow<IllegalArgumentException> { receiver.receiveBatch(strange) }.message shouldContain
            subject.provider
        shouldThrow<IllegalArgumentException> { receiver.tryReceive(strange) }

        val other = open()
        val batch = keep(other.newReceiveBatch(1))
        other.close()
        sender.send("all the same")
        receiver.receiveBatch(batch) shouldBe 1
        batch.text(0) shouldBe "all the same"
    }

    inEveryStyle(
        "a closed batch says so in every call, twice closed or not, and takes no message",
        Style.batching,
    ) {
        val receiver = bound()
        val batch = keep(receiver.newReceiveBatch(2))
        connectedTo(receiver).send("first")
        receiver.receiveBatch(batch) shouldBe 1
        connectedTo(receiver).send("kept")

        repeat(2) { batch.close() }

        shouldThrow<IllegalStateException> { batch.payload(0) }
        shouldThrow<IllegalStateException> { batch.size(0) }
        shouldThrow<IllegalStateException> { batch.sender(0) }
        shouldThrow<IllegalStateException> { batch.ancillary(0) }
        shouldThrow<IllegalStateException> { receiver.tryReceive(batch) }
        shouldThrow<IllegalStateException> { receiver.receiveBatch(batch) }
        receiver.receiveText() shouldBe "kept"
    }

    inEveryStyle(
        "a batch that is closed while a call waits with it ends the call, and the message is the next one's",
        Style.batching,
    ) {
        val receiver = bound()
        val sender = connectedTo(receiver)
        val batch = keep(receiver.newReceiveBatch(2))
        val waiting = style.receiveBatch(receiver, batch)
        waiting.expectWaiting()
        val next = style.receive(receiver)

        batch.close()
        sender.send("for the next")

        next.await().use { it.text() shouldBe "for the next" }
        // The closed batch may be met by the first message or by the second.
        if (!waiting.isDone) sender.send("for nobody yet")
        waiting.result().exceptionOrNull().shouldBeInstanceOf<IllegalStateException>()
        receiver.tryReceive()?.use { it.text() shouldBe "for nobody yet" }
        sender.send("after")
        receiver.receiveText() shouldBe "after"
    }

    scenario("a batch that is closed while another thread fills and reads it is refused, and nothing worse") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        val over = AtomicBoolean()
        val strange = ConcurrentLinkedQueue<Throwable>()
        val flood =
            thread(name = "flood") {
                while (!over.get()) {
                    runCatching {
                        sender.trySend(
                            Message.of("flood"),
                        )
                    }.onFailure(strange::add)
                }
            }
        try {
            repeat(500) { round ->
                val batch = receiver.newReceiveBatch(8)
                val closer =
                    thread {
                        repeat(round % 50 * 20) { Thread.onSpinWait() }
                        batch.close()
                    }
                try {
                    while (true) {
                        repeat(receiver.tryReceive(batch)) {
                            batch.text(it) shouldBe "flood"
                            batch.size(it) shouldBe 5
                            batch.sender(it)
                        }
                    }
                } catch (_: IllegalStateException) {
                    // It is closed.
                } catch (_: IndexOutOfBoundsException) {
                    // Closed between the count and the message.
                }
                check(!Thread.interrupted()) { "a close interrupted the thread that was reading" }
                closer.join()
            }
        } finally {
            over.set(true)
            flood.join()
        }
        strange.shouldBeEmpty()
    }

    inEveryStyle("after close every batch call says closed", Style.batching) {
        val socket = bound()
        val batch = keep(socket.newReceiveBatch(2))
        val outgoing = keep(socket.newSendBatch(2))
        outgoing.add(Message.of("late").to(bound().localAddress()))
        val waiting = style.receiveBatch(socket, batch)
        waiting.expectWaiting()

        socket.close()

        waiting.result().exceptionOrNull().shouldBeInstanceOf<ClosedChannelException>()
        val calls =
            mapOf(
                "receiveBatch" to { socket.receiveBatch(batch) },
                "send" to { socket.sendBatch(outgoing) },
                "tryReceive" to { socket.tryReceive(batch) },
                "trySend" to { socket.trySend(outgoing) },
                "beginSend" to { socket.beginSend(outgoing) },
            )
        for (call in calls) withClue(call.key) { shouldThrow<ClosedChannelException> { call.value() } }
        outgoing.count() shouldBe 1
    }

    scenario("a batch call on the event loop's own thread is refused if it would block") {
        val receiver = bound()
        val batch = keep(receiver.newReceiveBatch(2))
        val refused = CompletableFuture<Result<Int>>()
        receiver.eventLoop().execute {
            refused.complete(
                runCatching {
                    receiver.blocking().receiveBatch(batch)
                },
            )
        }
        refused.join("the call").exceptionOrNull().shouldBeInstanceOf<IllegalStateException>()
        connectedTo(receiver).send("still")
        receiver.receiveBatch(batch) shouldBe 1
    }
}

/** Bound, so that its messages have a sender, and connected where that takes no other address. */
internal fun Scene.connectedNamed(peer: DgramSocket, wish: Wish = Wish()): DgramSocket =
    bound(wish).also { if (subject.isUnix) it.tryConnect(peer.localAddress()) }

/** What a message of [size] bytes has in it. */
internal fun contentOf(size: Int) = ByteArray(size) { (it * 31 + size).toByte() }

internal fun ReceiveBatch.bytes(index: Int): ByteArray = payload(index).let { bytes ->
    ByteArray(bytes.remaining()).also { bytes.get(it) }
}

internal fun ReceiveBatch.text(index: Int) = String(bytes(index))

/** A batch that is no provider's here. */
private fun strangeBatch(): ReceiveBatch = object : ReceiveBatch {
    override fun isOpen() = true

    override fun capacity() = 1

    override fun count() = 0

    override fun payload(index: Int) = throw IndexOutOfBoundsException()

    override fun size(index: Int) = throw IndexOutOfBoundsException()

    override fun truncated(index: Int) = throw IndexOutOfBoundsException()

    override fun sender(index: Int) = throw IndexOutOfBoundsException()

    override fun ancillary(index: Int) = throw IndexOutOfBoundsException()

    override fun close() = Unit
}
