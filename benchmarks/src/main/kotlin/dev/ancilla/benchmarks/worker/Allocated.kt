package dev.ancilla.benchmarks.worker

import com.sun.management.ThreadMXBean
import java.lang.management.ManagementFactory

/** The bytes that all threads of this JVM have allocated. */
internal class Allocated {
    private val threads = ManagementFactory.getThreadMXBean() as ThreadMXBean
    private var before = total()

    /** Since this was made, or last asked. */
    fun since(): Long {
        val now = total()
        return (now - before).also { before = now }
    }

    private fun total() = threads.getThreadAllocatedBytes(threads.allThreadIds).filter { it > 0 }.sum()
}
