package dev.ancilla.testkit

import dev.ancilla.Ancillary
import dev.ancilla.Feature
import dev.ancilla.coroutines.frames
import dev.ancilla.coroutines.lines
import dev.ancilla.coroutines.readFrame
import dev.ancilla.coroutines.write
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import java.io.IOException
import java.net.ProtocolException
import java.nio.ByteBuffer

/** What a peer may make this process hold, and how the limits are told. */
internal fun StreamContract.streamLimits() {
    for (length in listOf(Int.MIN_VALUE, Int.MAX_VALUE, -1, (1 shl 20) + 1)) {
        scenario("a frame that says it has ${length.toUInt()} bytes is refused before any of them is held") {
            val pair = pair()
            pair.left().tryWrite(ByteBuffer.allocate(4).putInt(0, length))
            repeat(2) {
                shouldThrow<ProtocolException> { playing { pair.right().readFrame() } }
                    .message shouldContain "${length.toUInt()} bytes, more than maxBytes (1048576)"
            }
        }
    }

    scenario("a line without an end is refused at the limit, and its sender ends with the socket") {
        val pair = pair()
        playing {
            val sending =
                launch {
                    shouldThrow<IOException> { while (true) pair.left().write("x".repeat(10_000)) }
                }
            shouldThrow<ProtocolException> { pair.right().lines(maxBytes = 100_000).toList() }
                .message shouldContain "maxBytes (100000)"
            pair.right().close()
            sending.join()
        }
    }

    scenario("descriptors beside every byte are refused by exact reads and frames, and closed at last") {
        val most = if (Feature.MANY_DESCRIPTORS in features) 253 else 4
        val pair = pair(descriptors = most)
        val many = Ancillary.lend(*Array(most) { fileWith("$it") })
        pair.left().tryWrite(listOf(ByteBuffer.allocate(1)), many) shouldBe 1
        pair.right().tryReadExactly(ByteBuffer.allocate(4)) shouldBe null
        repeat(2) { pair.left().tryWrite(listOf(ByteBuffer.allocate(1)), many) shouldBe 1 }
        val refusals =
            listOf<StreamScene.() -> Unit>(
                { pair.right().tryReadExactly(ByteBuffer.allocate(4)) },
                { pair.right().readExactly(4, most) },
                { playing { pair.right().frames().toList() } },
            )
        val before = Census.take()
        for (refused in refusals) {
            shouldThrow<ProtocolException> { refused() }.message shouldContain
                "${2 * most} descriptors, more than maxDescriptors ($most)"
        }
        Census.take().since(before).count { it.value.startsWith("$directory") } shouldBe most
        repeat(3) {
            pair.right().read(ByteBuffer.allocate(9)).use { it.ancillary().descriptors().size shouldBe most }
        }
    }

    scenario("an exact read takes as many descriptors as its socket may have, of several writes") {
        val pair = pair(descriptors = 2)
        repeat(2) { pair.left().write("x", fileWith("$it")) }
        pair.right().readExactly(2, 2) shouldBe ("xx" to listOf("0", "1"))
    }
}
