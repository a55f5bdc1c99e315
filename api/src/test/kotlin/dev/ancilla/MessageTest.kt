package dev.ancilla

import dev.ancilla.scripted.ScriptedFd
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import java.nio.ByteBuffer
import java.nio.ReadOnlyBufferException

class MessageTest : FunSpec({
    fun Message.text() = Charsets.UTF_8.decode(payload()).toString()

    test("a message has the bytes between position and limit, and moves neither") {
        val buffer = ByteBuffer.wrap("-hello-".toByteArray()).position(1).limit(6)
        val message = Message.of(buffer)
        message.text() shouldBe "hello"
        message.text() shouldBe "hello"
        message.size() shouldBe 5
        buffer.remaining() shouldBe 5
        buffer.position() shouldBe 1
        shouldThrow<ReadOnlyBufferException> { message.payload().put(0) }
    }

    test("texts are UTF-8, and parts of arrays are parts") {
        Message.of("ü").size() shouldBe 2
        Message.of("0123456789".toByteArray(), 3, 4).text() shouldBe "3456"
        Message.of(ByteArray(5), 5, 0).size() shouldBe 0
        Message.empty().size() shouldBe 0
        for ((offset, length) in listOf(-1 to 1, 0 to 6, 5 to 1, 1 to Int.MAX_VALUE, 0 to -1)) {
            shouldThrow<IndexOutOfBoundsException> {
                Message.of(
                    ByteArray(5),
                    offset,
                    length,
                )
            }.message shouldBe
                "offset $offset, length $length of an array of 5"
        }
    }

    test("gathered buffers are one message, copied, and stay as they are") {
        val parts = List(2_000) { ByteBuffer.wrap("$it,".toByteArray()) }
        val message = Message.gather(parts)
        message.text() shouldBe List(2_000) { "$it," }.joinToString("")
        parts.all { it.position() == 0 && it.hasRemaining() } shouldBe true
        parts[0].put(0, 'x'.code.toByte())
        message.text().first() shouldBe '0'
        Message.gather(emptyList()).size() shouldBe 0
    }

    test("a message with another target or ancillary data is another message") {
        val target = UnixAddress.abstractName("x")
        OwnedFd.wrap(ScriptedFd()).use { fd ->
            val plain = Message.of("hello")
            val full = plain.to(target).with(fd)
            plain.target() shouldBe null
            plain.ancillary().descriptors() shouldBe emptyList()
            full.target() shouldBe target
            full.ancillary().descriptors() shouldBe listOf(fd)
            full.with(Ancillary.none()).ancillary().descriptors() shouldBe emptyList()
            full.to(null).ancillary().descriptors() shouldBe listOf(fd)
            full.toString() shouldBe "Message(size=5, target=unix:@x, descriptors=1)"
        }
    }
})
