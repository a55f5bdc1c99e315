package dev.ancilla.benchmarks.ours

import dev.ancilla.Message
import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Round
import dev.ancilla.benchmarks.worker.Style
import dev.ancilla.benchmarks.worker.Tally
import dev.ancilla.benchmarks.worker.endOf
import dev.ancilla.coroutines.receiveBatch
import dev.ancilla.coroutines.send
import dev.ancilla.coroutines.sendAll
import kotlinx.coroutines.runBlocking

/** Lists of messages in a coroutine on the loop's thread: no slab, an object a message. */
internal class Lists private constructor(
    private val job: Job,
    private val single: Suspending,
) : Style by single {
    constructor(job: Job) : this(job, Suspending(job, onLoop = true))

    private val socket = single.socket
    private val dispatcher = dispatcherOf(socket, onLoop = true)

    override fun receive(tally: Tally): Unit = runBlocking(dispatcher) {
        while (true) for (message in socket.receiveBatch(job.receiveBatch)) message.use { tally.add(it) }
    }

    override fun send(round: Round) = runBlocking(dispatcher) {
        while (round.next(job.sendBatch)) socket.sendAll(List(job.sendBatch) { message() })
        socket.send(Message.of(endOf(round.count)).to(single.target))
    }

    private fun message() = if (job.fds) single.dataWithFd else Message.of(single.data).to(single.target)
}
