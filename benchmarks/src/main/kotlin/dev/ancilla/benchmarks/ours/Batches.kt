package dev.ancilla.benchmarks.ours

import dev.ancilla.ReceiveBatch
import dev.ancilla.SendBatch
import dev.ancilla.benchmarks.worker.END_SIZE
import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Tally

/** The messages of one system call, in C and here; C passes descriptors with 32. */
internal const val BATCH = 64

/** What goes joined is at most a datagram: so many of the messages are sent with a call, as in C. */
internal val Job.sendBatch: Int get() = if (offload) minOf(BATCH, MOST_JOINED / size) else BATCH

/** As in C a call receives several joined ones. */
internal val Job.receiveBatch: Int get() = if (offload) BATCH * JOINED else BATCH

private const val MOST_JOINED = 65_000
private const val JOINED = 8

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
