package dev.ancilla.ffm.stress

import dev.ancilla.EventLoop
import dev.ancilla.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeoutOrNull
import java.io.InterruptedIOException
import java.net.SocketTimeoutException
import java.time.Duration
import java.util.concurrent.CompletableFuture
import kotlin.random.Random
import kotlin.time.Duration.Companion.microseconds

/** How senders and receivers run, and how their calls are given up. Each ends with its route. */
internal class Tasks(private val route: Route, private val nuisance: Nuisance, random: Random) {
    /** Of this task alone. */
    val random = Random(random.nextLong())

    inline fun guarded(end: CompletableFuture<Unit>, work: () -> Unit) {
        try {
            work()
        } catch (e: Throwable) {
            ended(end, e)
        }
    }

    fun ended(end: CompletableFuture<Unit>, failure: Throwable) {
        if (route.expects(failure)) end.complete(Unit) else end.completeExceptionally(failure)
    }

    /** Runs it on a thread, which is interrupted now and then. */
    fun onThread(virtual: Boolean, work: () -> Unit): CompletableFuture<Unit> {
        val end = CompletableFuture<Unit>()
        val thread = if (virtual) Thread.ofVirtual() else Thread.ofPlatform().daemon()
        thread.name("stress-${route.id}").start {
            guarded(end) {
                nuisance.interrupting(work)
                end.complete(Unit)
            }
        }
        return end
    }

    fun coroutine(loop: EventLoop?, work: suspend () -> Unit): CompletableFuture<Unit> {
        val end = CompletableFuture<Unit>()
        CoroutineScope(loop?.asCoroutineDispatcher() ?: Dispatchers.Default).launch {
            guarded(end) {
                work()
                end.complete(Unit)
            }
        }
        return end
    }

    /** Starts a chain of futures, each of which is made on the loop: so they complete in order. */
    fun onLoop(
        loop: EventLoop,
        chains: Int,
        step: (CompletableFuture<Unit>) -> Unit,
    ): CompletableFuture<Unit> {
        val end = CompletableFuture<Unit>()
        repeat(chains) { loop.execute { guarded(end) { step(end) } } }
        return end
    }

    /** Goes on with a chain, also after a call that was cancelled. */
    fun completed(
        end: CompletableFuture<Unit>,
        loop: EventLoop,
        call: CompletableFuture<*>,
        failure: Throwable?,
        take: () -> Unit,
        next: () -> Unit,
    ) {
        guarded(end) {
            when {
                failure == null -> {
                    take()
                    next()
                }

                call.isCancelled -> {
                    route.tally.cancelled.incrementAndGet()
                    loop.execute { guarded(end, next) }
                }

                else -> {
                    throw failure
                }
            }
        }
    }

    suspend fun within(micros: Int, work: suspend () -> Unit) {
        withTimeoutOrNull(micros.microseconds) { work() } ?: route.tally.timedOut.incrementAndGet()
    }

    /** Runs it in a job that is cancelled a moment later. */
    suspend fun cancelled(work: suspend () -> Unit) = coroutineScope {
        val job = launch(start = CoroutineStart.UNDISPATCHED) { work() }
        nuisance.later(job::cancel)
        job.join()
        if (job.isCancelled) route.tally.cancelled.incrementAndGet()
    }

    /** Mostly none; of the others some try once. */
    fun timeout(): Duration? = when (random.nextInt(6)) {
        0 -> Duration.ZERO
        1 -> Duration.ofNanos(random.nextLong(2_000_000))
        else -> null
    }

    /** Whether the work was done; false if it timed out or was interrupted, and so did nothing. */
    inline fun mayBeGivenUp(work: () -> Unit): Boolean = try {
        work()
        true
    } catch (_: SocketTimeoutException) {
        route.tally.timedOut.incrementAndGet()
        if (random.nextInt(4) == 0) Thread.yield()
        false
    } catch (e: InterruptedIOException) {
        check(Thread.interrupted()) { "the interrupt status was cleared: $e" }
        route.tally.interrupted.incrementAndGet()
        false
    }
}
