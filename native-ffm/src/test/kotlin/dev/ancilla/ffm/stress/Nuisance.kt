package dev.ancilla.ffm.stress

import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.locks.LockSupport
import kotlin.random.Random

/** Two threads that interrupt, cancel, pause and close what others are using, at random moments. */
internal class Nuisance(seed: Long, private val failed: (Throwable) -> Unit) : AutoCloseable {
    private val victims = ArrayList<Thread>() // guarded by itself
    private val deeds = ConcurrentLinkedQueue<() -> Unit>()

    @Volatile
    private var ended = false

    private val threads =
        List(2) { number ->
            Thread.ofPlatform().daemon().name("stress-nuisance-$number").start { run(Random(seed + number)) }
        }

    /** Does something a moment later, on another thread. */
    fun later(deed: () -> Unit) {
        deeds.add(deed)
    }

    /** Runs [work], which is interrupted now and then. */
    fun <T> interrupting(work: () -> T): T {
        val current = Thread.currentThread()
        synchronized(victims) { victims.add(current) }
        try {
            return work()
        } finally {
            synchronized(victims) { victims.remove(current) }
            Thread.interrupted()
        }
    }

    private fun run(random: Random) {
        while (!ended) {
            LockSupport.parkNanos(random.nextLong(400_000))
            try {
                repeat(random.nextInt(8)) { deeds.poll()?.invoke() }
            } catch (e: Throwable) {
                failed(e)
            }
            // Under the lock, so that no interrupt comes after its victim has gone.
            synchronized(victims) { victims.randomOrNull(random)?.interrupt() }
        }
    }

    override fun close() {
        ended = true
        threads.forEach(Thread::join)
        while (true) deeds.poll()?.invoke() ?: return
    }
}
