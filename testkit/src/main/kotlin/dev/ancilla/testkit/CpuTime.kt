package dev.ancilla.testkit

import java.lang.management.ManagementFactory

private const val WINDOW_MILLIS = 500L

/**
 * Processor time of each thread of Java that lives, in nanoseconds: carriers of virtual threads are among them, the
 * threads of the JVM's compiler and collector, which have work at any time, are not.
 */
internal fun cpuNanos(isMeant: (name: String) -> Boolean): Map<Long, Long> {
    val threads = ManagementFactory.getThreadMXBean()
    return threads.allThreadIds
        .filter { id -> threads.getThreadInfo(id)?.let { isMeant(it.threadName) } == true }
        .associateWith { maxOf(0, threads.getThreadCpuTime(it)) }
}

/**
 * What the threads of Java take of a processor, in percent: 100 or more if one of them spins. The smallest of several
 * windows, for a test's process has other work now and then, and a thread that spins does so in each.
 */
fun cpuPercent(): Long = List(3) {
    val before = cpuNanos { true }
    val start = System.nanoTime()
    Thread.sleep(WINDOW_MILLIS)
    val spent = cpuNanos { true }.map { (thread, nanos) -> nanos - (before[thread] ?: 0) }.sum()
    spent * 100 / (System.nanoTime() - start)
}.min()
