package dev.ancilla.coroutines

import dev.ancilla.EventLoop
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds

/** What a [watchdog] saw: the loop's thread, and what it was doing instead of its work. */
public class LoopBlocked internal constructor(
    thread: Thread,
    limit: Duration,
    stack: Array<StackTraceElement>,
) : RuntimeException("${thread.name} has been blocked for more than $limit") {
    init {
        stackTrace = stack
    }
}

/**
 * Watches a loop for code that blocks it, while debugging. With `-Dkotlinx.coroutines.debug` the name of the
 * thread in the report ends in the name of the coroutine.
 *
 * ### Threads
 * One daemon thread, which asks the loop for a sign of life every [limit]. A loop that sleeps is woken for that,
 * so this is not for production.
 *
 * @param limit how long the loop may be blocked
 * @param report is called on the watchdog's thread, once for each time the loop is blocked; logs by default
 * @return to be closed by the caller
 */
public fun EventLoop.watchdog(
    limit: Duration = 100.milliseconds,
    report: (LoopBlocked) -> Unit = { blocked ->
        System.getLogger("dev.ancilla.coroutines").log(System.Logger.Level.WARNING, blocked.message, blocked)
    },
): AutoCloseable {
    val watcher = thread(isDaemon = true, name = "ancilla-watchdog") { watch(limit, report) }
    return AutoCloseable { watcher.interrupt() }
}

private fun EventLoop.watch(limit: Duration, report: (LoopBlocked) -> Unit) {
    val millis = limit.inWholeMilliseconds.coerceAtLeast(1)
    lateinit var loopThread: Thread
    val known = CountDownLatch(1)
    execute {
        loopThread = Thread.currentThread()
        known.countDown()
    }
    try {
        known.await()
        while (true) {
            val alive = CountDownLatch(1)
            execute(alive::countDown)
            if (!alive.await(millis, TimeUnit.MILLISECONDS)) {
                report(LoopBlocked(loopThread, limit, loopThread.stackTrace))
                alive.await()
            }
            // The loop's thread may have ended and started again meanwhile.
            execute { loopThread = Thread.currentThread() }
            Thread.sleep(millis)
        }
    } catch (closed: InterruptedException) {
        return
    }
}
