package dev.ancilla.benchmarks.ours

import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Pieces
import dev.ancilla.benchmarks.worker.Round
import dev.ancilla.benchmarks.worker.Tally
import dev.ancilla.benchmarks.worker.Trips
import dev.ancilla.benchmarks.worker.direct
import dev.ancilla.benchmarks.worker.endOf

/** A stream, on the thread that calls. */
internal class StreamBlocking(job: Job) : OurStream(job) {
    private val view by lazy { socket.blocking() }

    override fun receive(tally: Tally) {
        val pieces = Pieces(job.size, tally)
        while (true) count(pieces, view.read(room.clear()))
    }

    override fun send(round: Round) {
        while (round.next()) if (job.fds) view.write(listOf(data), beside) else view.write(data)
        view.write(direct(endOf(round.count)))
    }

    override fun echo() {
        while (true) {
            checkGoesOn(view.read(room.clear()))
            view.write(room.flip())
        }
    }

    override fun ping(trips: Trips) {
        while (trips.next()) {
            view.write(data)
            room.clear()
            while (room.hasRemaining()) checkGoesOn(view.read(room))
            trips.done(room.flip())
        }
    }
}
