package dev.ancilla.benchmarks.ours

import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Round
import dev.ancilla.benchmarks.worker.Style
import dev.ancilla.benchmarks.worker.Tally
import dev.ancilla.benchmarks.worker.endOf
import dev.ancilla.benchmarks.worker.room
import java.nio.ByteBuffer

/** Batches, on the thread that calls. */
internal class BlockingBatches private constructor(
    private val job: Job,
    private val single: Blocking,
) : Style by single {
    constructor(job: Job) : this(job, Blocking(job))

    private val socket = single.socket
    private val outgoing = socket.newSendBatch(job.sendBatch, job.room)

    override fun receive(tally: Tally) {
        val batch = socket.newReceiveBatch(job.receiveBatch, job.room)
        while (true) tally.add(batch, socket.blocking().receiveBatch(batch))
    }

    override fun send(round: Round) {
        while (round.next(job.sendBatch)) {
            single.fill(outgoing)
            socket.blocking().send(outgoing)
        }
        socket.blocking().send(ByteBuffer.wrap(endOf(round.count)), single.target)
    }
}
