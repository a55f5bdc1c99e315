package dev.ancilla.testkit

import dev.ancilla.Ancillary
import dev.ancilla.Feature
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.UnsupportedFeatureException
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import java.nio.ByteBuffer
import kotlin.random.Random

/** What a batch takes until it is sent: how many messages, which, and as whose bytes. */
internal fun ContractSpec.fillingBatches() {
    scenario("a batch takes as many messages as it has room for, and copies their bytes") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        val batch = keep(sender.newSendBatch(2))
        val buffer = ByteBuffer.allocateDirect(8).put("-bytes--".toByteArray()).position(1).limit(6)
        batch.capacity() shouldBe 2

        batch.add(buffer, null) shouldBe true
        (buffer.position() to buffer.limit()) shouldBe (1 to 6)
        batch.add(Message.of("text")) shouldBe true
        batch.add(Message.of("no room")) shouldBe false
        batch.add(buffer, null) shouldBe false
        buffer.put(1, 'B'.code.toByte())

        sender.trySend(batch) shouldBe 2
        List(2) { receiver.receiveText() }.shouldContainExactly("bytes", "text")
        batch.add(Message.of("again")) shouldBe true
        sender.trySend(batch) shouldBe 1
        receiver.receiveText() shouldBe "again"
    }

    scenario("datagrams of one size are added from one buffer, as many as there is room for") {
        val receiver = bound()
        val sender = connectedNamed(receiver)
        val target = receiver.localAddress().takeUnless { subject.isUnix }
        val batch = keep(sender.newSendBatch(4, 8))
        val text = "-" + "aabbccddeef" + "-"
        val longer = "0123456789".repeat(10) + "rest"
        for (made in listOf<(Int) -> ByteBuffer>(ByteBuffer::allocate, ByteBuffer::allocateDirect)) {
            val buffer = made(text.length).put(text.toByteArray()).position(1).limit(12)

            batch.add(buffer, 2, target) shouldBe 4
            (buffer.position() to buffer.limit()) shouldBe (9 to 12)
            batch.add(buffer, 2, target) shouldBe 0
            buffer.put(1, 'A'.code.toByte())
            sender.trySend(batch) shouldBe 4
            List(4) { receiver.receiveText() }.shouldContainExactly("aa", "bb", "cc", "dd")

            batch.add(buffer.asReadOnlyBuffer(), 2, target) shouldBe 2
            batch.removeFirst()
            batch.add(buffer, Int.MAX_VALUE, target) shouldBe 1
            buffer.hasRemaining() shouldBe false
            batch.add(buffer, 1, target) shouldBe 0
            batch.add(Message.of("one more").to(target)) shouldBe true
            sender.trySend(batch) shouldBe 3
            List(3) { receiver.receiveText() }.shouldContainExactly("f", "eef", "one more")

            batch.add(made(longer.length).put(longer.toByteArray()).flip(), 50, target) shouldBe 3
            sender.trySend(batch) shouldBe 3
            List(3) { receiver.receiveText() }.shouldContainExactly(longer.chunked(50))
        }
        sender.queuedBytes() shouldBe 0
    }

    scenario("a batch that is filled up again before it is empty keeps each message as it was added") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        val batch = keep(sender.newSendBatch(5, 64))
        val random = Random(5)
        val expected = ArrayDeque<String>()
        repeat(2_000) { number ->
            // Mostly shorter than the room for each, and seldom longer.
            val text = "$number ".padEnd(random.nextInt(5, if (number % 10 == 0) 130 else 65), 'x')
            if (number % 4 == 0) {
                val texts = List(3) { "$number.$it".padEnd(text.length, 'y') } + "."
                val bytes = ByteBuffer.wrap(texts.joinToString("").toByteArray())
                repeat(batch.add(bytes, texts.first().length, null)) { expected.addLast(texts[it]) }
            } else if (batch.add(Message.of(text))) {
                expected.addLast(text)
            }
            if (batch.count() == batch.capacity() || random.nextInt(3) == 0) {
                // Of those that are left the first is dropped or some go, but mostly not all.
                if (random.nextInt(4) == 0) {
                    batch.removeFirst()
                    expected.removeAt(expected.size - 1 - batch.count())
                }
                sender.trySend(batch)
                while (expected.size > batch.count() + random.nextInt(3)) {
                    receiver.receiveText() shouldBe expected.removeFirst()
                }
            }
        }
        repeat(expected.size - batch.count()) { receiver.receiveText() shouldBe expected.removeFirst() }
    }

    scenario("the messages of a batch are dropped one by one from the first, or all") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        val batch = keep(sender.newSendBatch(4))
        shouldThrow<NoSuchElementException> { batch.removeFirst() }
        repeat(4) { batch.add(Message.of("$it")) }

        batch.removeFirst()
        batch.count() shouldBe 3
        batch.add(Message.of("4")) shouldBe true
        batch.removeFirst()
        sender.trySend(batch) shouldBe 3
        List(3) { receiver.receiveText() }.shouldContainExactly("2", "3", "4")

        repeat(4) { batch.add(Message.of("dropped")) }
        batch.clear()
        batch.count() shouldBe 0
        sender.trySend(batch) shouldBe 0
        batch.add(Message.of("after"))
        sender.trySend(batch) shouldBe 1
        receiver.receiveText() shouldBe "after"
    }

    scenario("what cannot be sent is refused when it is added, and the batch is as it was") {
        val receiver = bound()
        val sender = bound()
        val batch = keep(sender.newSendBatch(4))
        batch.add(Message.of("good").to(receiver.localAddress()))

        shouldThrow<IllegalArgumentException> { batch.add(Message.of("lost").to(subject.foreignAddress)) }
        shouldThrow<IllegalArgumentException> { batch.add(ByteBuffer.allocate(1), subject.foreignAddress) }
        val two = ByteBuffer.allocate(2)
        shouldThrow<IllegalArgumentException> { batch.add(two, 1, subject.foreignAddress) }
        for (size in listOf(0, -1)) {
            shouldThrow<IllegalArgumentException> {
                batch.add(
                    two,
                    size,
                    receiver.localAddress(),
                )
            }.message shouldBe
                "send: datagrams of $size bytes, at least 1"
        }
        two.position() shouldBe 0
        if (Feature.FD_PASSING in sender.features()) {
            val closed = fileWith("a").also(OwnedFd::close)
            shouldThrow<IllegalArgumentException> { batch.add(Message.of("lost").with(closed)) }
            shouldThrow<IllegalArgumentException> {
                batch.add(Message.of("lost").with(fileWith("b"), closed))
            }
            val file = fileWith("c")
            shouldThrow<IllegalArgumentException> { batch.add(Message.of("x").with(*Array(254) { file })) }
                .message shouldContain "254 descriptors"
            file.release().let(OwnedFd::of).close()
        } else {
            val strange = Ancillary.lend(OwnedFd.wrap(someHandle()))
            shouldThrow<UnsupportedFeatureException> { batch.add(Message.of("lost").with(strange)) }
                .feature() shouldBe Feature.FD_PASSING
        }

        batch.count() shouldBe 1
        sender.trySend(batch) shouldBe 1
        receiver.receiveText() shouldBe "good"
    }
}
