package dev.ancilla.benchmarks.worker

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import java.nio.ByteBuffer

class PiecesTest : FunSpec({
    val size = 20
    val round = dataOf(size) + dataOf(size) + dataOf(size) + endOf(3)

    /** What is told of two rounds whose bytes come in parts of so many. */
    fun told(bytes: ByteArray, part: Int): List<String> {
        val told = mutableListOf<String>()
        val pieces = Pieces(size, Tally(fds = false, told::add))
        for (chunk in (bytes.toList() + bytes.toList()).chunked(part)) {
            pieces.add(ByteBuffer.wrap(chunk.toByteArray()))
        }
        return told.map { it.substringBefore(" allocated") }
    }

    test("the messages of a stream are counted in whatever parts they come") {
        for (part in 1..2 * round.size) told(round, part) shouldBe List(2) { "got count=3 sent=3 bytes=60" }
    }

    test("a byte that is lost is found, whichever it is and in whatever parts the others come") {
        for (lost in 0 until 3 * size) {
            for (part in listOf(1, 7, size, 2 * round.size)) {
                shouldThrow<IllegalStateException> {
                    told(round.filterIndexed { i, _ -> i != lost }.toByteArray(), part)
                }
            }
        }
    }

    test("a message that is lost is told") {
        told(round.drop(size).toByteArray(), 5) shouldBe List(2) { "got count=2 sent=3 bytes=40" }
    }

    test("the end of a stream is no message") {
        shouldThrow<IllegalStateException> { Pieces(size, Tally(fds = false)).add(ByteBuffer.allocate(0)) }
    }
})
