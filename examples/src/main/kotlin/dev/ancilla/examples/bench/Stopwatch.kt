package dev.ancilla.examples.bench

/** Measures a run that is to take some time. */
internal class Stopwatch(millis: Long) {
    private val started = System.nanoTime()
    private val wanted = millis * 1_000_000
    private val trips = IntArray(1 shl 18)
    private var tripStarted = started
    private var count = 0L

    /** Tells whether there is time for [messages] more. */
    fun runs(messages: Int = 1): Boolean {
        // Reading the clock for each message would be part of what is measured.
        if (count % CLOCK_EVERY == 0L && System.nanoTime() - started >= wanted) return false
        count += messages
        return true
    }

    fun read() = Run(count, System.nanoTime() - started)

    /** Tells whether there is time for another round trip. */
    fun runsTrip(): Boolean = tripStarted - started < wanted && count < trips.size

    fun tripDone() {
        val now = System.nanoTime()
        trips[count.toInt()] = (now - tripStarted).toInt()
        tripStarted = now
        count++
    }

    fun readTrips(): Run {
        val nanos = tripStarted - started
        trips.sort(0, count.toInt())
        return Run(count, nanos, if (count == 0L) 0 else trips[(count / 2).toInt()].toLong())
    }

    private companion object {
        const val CLOCK_EVERY = 32L
    }
}
