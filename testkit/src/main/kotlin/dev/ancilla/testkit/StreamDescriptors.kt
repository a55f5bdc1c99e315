package dev.ancilla.testkit

import dev.ancilla.Ancillary
import dev.ancilla.Feature
import dev.ancilla.OwnedFd
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import java.net.ProtocolException
import java.nio.ByteBuffer

/** Descriptors in a stream: each comes with the byte that it was written with. */
internal fun StreamContract.streamDescriptors() {
    inEveryStyle("O54 descriptors come with their bytes, and their senders may be closed at once") {
        val pair = pair()
        val first = fileWith("1")
        pair.left().write("Here you go", first)
        first.close()
        val more = listOf(fileWith("2"), fileWith("3"))
        pair.right().readPart(64) shouldBe ("Here you go" to listOf("1"))
        pair.left().write("and two", more[0], more[1])
        more.forEach(OwnedFd::close)
        pair.right().readPart(64) shouldBe ("and two" to listOf("2", "3"))
    }

    inEveryStyle("writes of 5, of 7 with two descriptors, and of 4, are read as 3, 6 and 7") {
        val pair = pair()
        pair.left().write("12345")
        pair.left().write("abcdefg", fileWith("1"), fileWith("2"))
        pair.left().write("wxyz")
        pair.right().readPart(3) shouldBe ("123" to emptyList())
        pair.right().readPart(6) shouldBe ("45abcd" to listOf("1", "2"))
        pair.right().readPart(7) shouldBe ("efgwxyz" to emptyList())

        pair.left().write("12345")
        pair.left().write("abcdefg", fileWith("1"), fileWith("2"))
        pair.left().write("wxyz")
        pair.right().readExactly(3) shouldBe ("123" to emptyList())
        pair.right().readExactly(6, 2) shouldBe ("45abcd" to listOf("1", "2"))
        pair.right().readExactly(7) shouldBe ("efgwxyz" to emptyList())
    }

    inEveryStyle("descriptors of two writes never come with one read") {
        val pair = pair()
        pair.left().write("ab", fileWith("1"))
        pair.left().write("cd", fileWith("2"))
        pair.right().readPart(64) shouldBe ("ab" to listOf("1"))
        pair.right().readPart(64) shouldBe ("cd" to listOf("2"))
    }

    inEveryStyle("a long write carries its descriptors once, with its first byte") {
        val pair = pair()
        val sources = listOf(ByteBuffer.allocate(2_000_000))
        val write = style.write(pair.left(), sources, Ancillary.lend(fileWith("once")))
        write.expectWaiting()
        pair.right().readPart(1).second shouldBe listOf("once")
        var left = 2_000_000 - 1
        while (left > 0) {
            val (bytes, texts) = pair.right().readPart(minOf(left, 65_536))
            texts shouldBe emptyList()
            left -= bytes.length
        }
        write.await()
    }

    scenario("an exact read tells how many descriptors came if it was not what was asked for") {
        val pair = pair()
        pair.left().write("abc", fileWith("1"), fileWith("2"))
        for (asked in listOf(0, 1, 3)) {
            shouldThrow<ProtocolException> { pair.right().tryReadExactly(ByteBuffer.allocate(3), asked) }
                .message shouldContain "2 descriptors, not $asked"
        }
        pair.right().readExactly(3, 2) shouldBe ("abc" to listOf("1", "2"))
    }

    inEveryStyle("what is put back is read again first, with its descriptors") {
        val pair = pair()
        pair.left().write("head", fileWith("1"))
        pair.left().write("tail", fileWith("2"))
        val head = ByteBuffer.allocate(4)
        val read = pair.right().read(head)
        pair.right().unread(head.flip(), read.ancillary())
        pair.right().unread(bytes("x"), Ancillary.none())
        pair.right().readPart(2) shouldBe ("xh" to listOf("1"))
        pair.right().readPart(64) shouldBe ("ead" to emptyList())
        pair.right().readPart(64) shouldBe ("tail" to listOf("2"))
        shouldThrow<IllegalStateException> {
            pair.right().unread(bytes("x"), Ancillary.lend(fileWith("lent")))
        }
        pair.left().write("more", fileWith("3"))
        val more = pair.right().read(ByteBuffer.allocate(4))
        shouldThrow<IllegalArgumentException> { pair.right().unread(bytes(""), more.ancillary()) }
        pair.right().unread(bytes("closed with the socket"), more.ancillary())
    }

    inEveryStyle("descriptors that were not asked for are discarded, and the read says so where it can") {
        val pair = pair(descriptors = 0)
        pair.left().write("abc", fileWith("1"))
        pair.right().read(ByteBuffer.allocate(8)).use {
            it.count() shouldBe 3
            it.ancillary().descriptors() shouldBe emptyList()
            it.ancillary().truncated() shouldBe (Feature.ANCILLARY_TRUNCATION in features)
        }
        val few = pair(descriptors = 1)
        few.left().write("abc", fileWith("1"), fileWith("2"))
        few.right().read(ByteBuffer.allocate(8)).use {
            it.ancillary().descriptors().size shouldBe 1
            it.ancillary().truncated() shouldBe true
        }
    }

    scenario("descriptors that nobody reads are closed with the sockets") {
        val pair = pair(descriptors = 10)
        repeat(10) { pair.left().write("x", fileWith("unread")) }
        pair.right().readPart(1).second shouldBe listOf("unread")
        pair.right().tryReadExactly(ByteBuffer.allocate(100)) shouldBe null
    }
}
