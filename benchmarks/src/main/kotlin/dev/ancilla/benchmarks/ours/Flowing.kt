package dev.ancilla.benchmarks.ours

import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Style
import dev.ancilla.benchmarks.worker.Tally
import dev.ancilla.coroutines.incoming
import dev.ancilla.coroutines.send
import kotlinx.coroutines.runBlocking

/** What arrives as a flow, on the loop's thread; what goes out, and round trips, as the suspending style. */
internal class Flowing private constructor(
    private val job: Job,
    private val suspending: Suspending,
) : Style by suspending {
    constructor(job: Job) : this(job, Suspending(job, onLoop = true))

    private val dispatcher = dispatcherOf(suspending.socket, onLoop = true)

    override fun receive(tally: Tally) = runBlocking(dispatcher) {
        suspending.socket.incoming().collect { tally.add(it) }
    }

    override fun echo() = runBlocking(dispatcher) {
        suspending.socket.incoming().collect {
            suspending.socket.send(it.payload(), if (job.connects) null else it.sender())
        }
    }
}
