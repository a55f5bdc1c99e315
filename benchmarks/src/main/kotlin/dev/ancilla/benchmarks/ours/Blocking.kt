package dev.ancilla.benchmarks.ours

import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Round
import dev.ancilla.benchmarks.worker.Tally
import dev.ancilla.benchmarks.worker.Trips
import dev.ancilla.benchmarks.worker.endOf
import java.nio.ByteBuffer

/** One by one, on the thread that calls. */
internal class Blocking(job: Job) : Ours(job) {
    private val view = socket.blocking()

    override fun receive(tally: Tally) {
        while (true) view.receive().use { tally.add(it) }
    }

    override fun send(round: Round) {
        while (round.next()) {
            if (job.fds) view.send(dataWithFd) else view.send(data, target)
        }
        view.send(ByteBuffer.wrap(endOf(round.count)), target)
    }

    override fun echo() {
        while (true) view.receive().use { view.send(it.payload(), if (job.connects) null else it.sender()) }
    }

    override fun ping(trips: Trips) {
        while (trips.next()) {
            view.send(data, target)
            view.receive().use { trips.done(it.payload()) }
        }
    }
}
