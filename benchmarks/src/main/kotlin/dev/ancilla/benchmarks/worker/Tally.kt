package dev.ancilla.benchmarks.worker

import java.nio.ByteBuffer

/** Counts what arrives in a round, and tells at its end how many came and how many were sent. */
internal class Tally(val fds: Boolean, private val tell: (String) -> Unit = ::say) {
    private var count = 0L
    private var bytes = 0L
    private var unnamed = 0L
    private val allocated = Allocated()

    /** @param named whether the style told the sender, or never does */
    fun add(payload: ByteBuffer, named: Boolean) {
        if (!named) unnamed++
        if (payload.get(0) == DATA) add(payload.remaining()) else end(payload)
    }

    /** A message of data, of whose bytes the first has been looked at. */
    fun add(size: Int) {
        count++
        bytes += size
    }

    /** The last message of a round. */
    fun end(payload: ByteBuffer) {
        val sent = payload.getLong(1)
        if (unnamed > 0) fail("$unnamed messages without a sender")
        tell("got count=$count sent=$sent bytes=$bytes allocated=${allocated.since()}")
        count = 0
        bytes = 0
    }
}
