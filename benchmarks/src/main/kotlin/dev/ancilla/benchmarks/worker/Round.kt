package dev.ancilla.benchmarks.worker

/** The time of a round, for who sends: the clock is read once in 64 messages. */
internal class Round(millis: Long) {
    private val started = System.nanoTime()
    private val length = millis * 1_000_000
    private var unread = 0

    var count = 0L
        private set

    /** Whether [messages] more are to be sent; counts them. */
    fun next(messages: Int = 1): Boolean {
        if (unread <= 0) {
            if (elapsed() >= length) return false
            unread = 64
        }
        unread -= messages
        count += messages
        return true
    }

    fun elapsed(): Long = System.nanoTime() - started
}
