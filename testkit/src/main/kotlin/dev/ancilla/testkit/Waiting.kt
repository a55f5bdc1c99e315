package dev.ancilla.testkit

import java.util.concurrent.CompletableFuture
import java.util.concurrent.ExecutionException
import java.util.concurrent.TimeUnit
import java.util.concurrent.TimeoutException
import kotlin.reflect.KClass

/** How long a test waits for what must happen: long, for only a failure takes it. */
internal const val PATIENCE_MILLIS = 20_000L

/** How long a test watches for what must not happen. */
internal const val WATCHING_MILLIS = 100L

/** The end of a test's patience. */
internal class Deadline(millis: Long = PATIENCE_MILLIS) {
    private val end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis)

    val passed: Boolean get() = System.nanoTime() - end > 0
}

/** Waits until [condition] holds. */
internal fun until(what: String, condition: () -> Boolean) {
    val deadline = Deadline()
    while (!condition()) {
        if (deadline.passed) throw AssertionError("never happened: $what")
        Thread.sleep(1)
    }
}

/** Waits for the result, and throws what the future failed with. */
internal fun <T> CompletableFuture<T>.join(what: String): T = try {
    get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)
} catch (e: ExecutionException) {
    throw e.cause ?: e
} catch (_: TimeoutException) {
    throw AssertionError("never ended: $what")
}

/** One call under way, in some style. */
internal class Call<T>(
    private val what: String,
    private val outcome: CompletableFuture<T>,
    private val giveUp: () -> Unit,
) {
    val isDone: Boolean get() = outcome.isDone

    /** Cancels, interrupts or unsubscribes: whatever gives up a call in its style. */
    fun cancel() = giveUp()

    /** Waits for the end of the call: its result, or what it threw. */
    fun await(): T = outcome.join(what)

    /** The result, or what the call threw. */
    fun result(): Result<T> = runCatching { await() }

    /** Fails, naming what came instead, unless the call ends with such an exception. */
    fun expectThrown(expected: KClass<out Throwable>) {
        val ended = result()
        if (!expected.isInstance(ended.exceptionOrNull())) {
            throw AssertionError("$what: $ended, not ${expected.simpleName}", ended.exceptionOrNull())
        }
    }

    /** Fails if the call ends within the time a test watches for what must not happen. */
    fun expectWaiting() {
        Thread.sleep(WATCHING_MILLIS)
        if (isDone) throw AssertionError("$what did not wait: ${result()}")
    }
}
