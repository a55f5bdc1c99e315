package dev.ancilla.benchmarks.worker

import java.nio.ByteBuffer

/** The round trips of a round: how many, and how long each took. */
internal class Trips(private val trips: IntArray, millis: Long) {
    private val started = System.nanoTime()
    private val until = started + millis * 1_000_000
    private var before = started

    var count = 0
        private set

    fun next(): Boolean = before - until < 0 && count < trips.size

    /** An answer has come. */
    fun done(answer: ByteBuffer) {
        if (answer.get(0) != DATA) fail("an answer that is none")
        val after = System.nanoTime()
        trips[count++] = (after - before).toInt()
        before = after
    }

    fun elapsed(): Long = before - started

    /** Sorts them, so only at the end. */
    fun percentile(percent: Int): Int {
        trips.sort(0, count)
        return trips[(count.toLong() * percent / 100).toInt().coerceAtMost(count - 1)]
    }
}
