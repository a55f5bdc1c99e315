package dev.ancilla.coroutines

import dev.ancilla.EventLoop
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicReference
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
    val loopThread = AtomicReference<Thread?>()
    try {
        while (true) {
            val alive = CountDownLatch(1)
            execute {
                loopThread.set(Thread.currentThread())
                alive.countDown()
            }
            var told = false
            while (!alive.await(millis, TimeUnit.MILLISECONDS)) {
                val blocked = if (told) null else loopThread.get()?.takeIf(Thread::isAlive) ?: namedThread()
                if (blocked != null) {
                    told = true
                    report(LoopBlocked(blocked, limit, blocked.stackTrace))
                }
            }
            Thread.sleep(millis)
        }
    } catch (closed: InterruptedException) {
        return
    }
}

/** The loop's thread, where it was blocked before it ever told who it is. Debugging adds to its name. */
private fun EventLoop.namedThread(): Thread? =
    Thread.getAllStackTraces().keys.firstOrNull { it.name == name() || it.name.startsWith("${name()} ") }
