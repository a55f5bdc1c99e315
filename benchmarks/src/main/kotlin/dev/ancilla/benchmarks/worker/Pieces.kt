package dev.ancilla.benchmarks.worker

import java.nio.ByteBuffer

/**
 * Finds the messages in a stream's bytes, in whatever parts these come: data of [size] each, and a round's
 * end. They stand one after the other, so that a byte that is lost moves all that follow.
 */
internal class Pieces(private val size: Int, private val tally: Tally) {
    private val end = ByteBuffer.allocate(END_SIZE)
    private var ending = false
    private var left = 0

    /** Takes all bytes of [came], of which there is at least one. */
    fun add(came: ByteBuffer) {
        check(came.hasRemaining()) { "the stream has ended" }
        while (came.hasRemaining()) {
            if (left == 0) begin(came.get(came.position()))
            val part = minOf(left, came.remaining())
            if (ending) end.put(END_SIZE - left, came, came.position(), part)
            came.position(came.position() + part)
            left -= part
            if (left == 0) complete()
        }
    }

    private fun begin(first: Byte) {
        check(first == DATA || first == END) { "a message begins with byte $first: bytes were lost" }
        ending = first == END
        left = if (ending) END_SIZE else size
    }

    private fun complete() = if (ending) tally.end(end) else tally.add(size)
}
