package dev.ancilla.scripted

import dev.ancilla.Feature
import dev.ancilla.engine.Binding
import dev.ancilla.engine.OpenUnixDgram
import dev.ancilla.engine.Opening
import dev.ancilla.spi.SelectorLoop
import io.kotest.assertions.nondeterministic.eventually
import io.kotest.assertions.nondeterministic.eventuallyConfig
import io.kotest.matchers.shouldBe
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** Long enough for a slow machine; never waited for in full when all is well. */
val PATIENCE = 30.seconds

/** A real Unix datagram socket of the engine over a scripted transport. */
fun socketOver(
    transport: ScriptedTransport,
    features: Set<Feature> = setOf(Feature.FD_PASSING, Feature.DISCONNECT),
    binding: Binding = Binding(Binding.MODE_OF_UMASK, false, false),
) = OpenUnixDgram(Opening.Opened(transport, "scripted", features, Int.MAX_VALUE, 0), binding)

/** The result, within [PATIENCE]. Failures are wrapped as by [CompletableFuture.get]. */
fun <T> CompletableFuture<T>.await(): T = get(PATIENCE.inWholeSeconds, TimeUnit.SECONDS)

/** Runs [block] on the loop's thread and returns what it returned. */
fun <T> SelectorLoop.call(block: () -> T): T {
    val result = CompletableFuture<T>()
    execute { result.completeAsync(block, Runnable::run) }
    return result.await()
}

/** Keeps the loop's thread busy until [block] has returned. */
inline fun <T> SelectorLoop.whileBusy(block: () -> T): T {
    val entered = CountDownLatch(1)
    val leave = CountDownLatch(1)
    execute {
        entered.countDown()
        leave.await()
    }
    entered.await()
    try {
        return block()
    } finally {
        leave.countDown()
    }
}

/** Polls until [actual] gives [expected]. */
suspend fun <T> waitFor(expected: T, actual: () -> T) = eventually(POLLING) { actual() shouldBe expected }

private val POLLING =
    eventuallyConfig {
        duration = PATIENCE
        interval = 1.milliseconds
    }
