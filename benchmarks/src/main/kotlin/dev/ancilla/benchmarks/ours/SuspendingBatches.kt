package dev.ancilla.benchmarks.ours

import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Round
import dev.ancilla.benchmarks.worker.Style
import dev.ancilla.benchmarks.worker.Tally
import dev.ancilla.benchmarks.worker.endOf
import dev.ancilla.benchmarks.worker.room
import dev.ancilla.coroutines.receiveBatch
import dev.ancilla.coroutines.send
import kotlinx.coroutines.runBlocking
import java.nio.ByteBuffer

/** Batches in a coroutine. */
internal class SuspendingBatches private constructor(
    private val job: Job,
    private val single: Suspending,
    onLoop: Boolean,
) : Style by single {
    constructor(job: Job, onLoop: Boolean) : this(job, Suspending(job, onLoop), onLoop)

    private val socket = single.socket
    private val dispatcher = dispatcherOf(socket, onLoop)
    private val outgoing = socket.newSendBatch(job.sendBatch, job.room)

    override fun receive(tally: Tally): Unit = runBlocking(dispatcher) {
        val batch = socket.newReceiveBatch(job.receiveBatch, job.room)
        while (true) tally.add(batch, socket.receiveBatch(batch))
    }

    override fun send(round: Round) = runBlocking(dispatcher) {
        while (round.next(job.sendBatch)) {
            single.fill(outgoing)
            socket.send(outgoing)
        }
        socket.send(ByteBuffer.wrap(endOf(round.count)), single.target)
    }
}
