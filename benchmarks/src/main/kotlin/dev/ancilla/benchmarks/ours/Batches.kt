package dev.ancilla.benchmarks.ours

import dev.ancilla.ReceiveBatch
import dev.ancilla.SendBatch
import dev.ancilla.benchmarks.worker.END_SIZE
import dev.ancilla.benchmarks.worker.Tally

/** The messages of one system call, in C and here; C passes descriptors with 32. */
internal const val BATCH = 64

/** Counts what a batch brought. */
internal fun Tally.add(batch: ReceiveBatch, count: Int) {
    for (i in 0 until count) {
        if (fds && batch.size(i) > END_SIZE) batch.ancillary(i).take().close()
        add(batch.payload(i), batch.sender(i) != null)
    }
}

/** Fills a batch to its end; says how many that were. */
internal inline fun SendBatch.fill(add: SendBatch.() -> Boolean): Int {
    while (count() < capacity()) check(add())
    return capacity()
}
