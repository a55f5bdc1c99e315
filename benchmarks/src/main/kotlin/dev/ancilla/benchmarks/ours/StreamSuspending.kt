package dev.ancilla.benchmarks.ours

import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Pieces
import dev.ancilla.benchmarks.worker.Round
import dev.ancilla.benchmarks.worker.Tally
import dev.ancilla.benchmarks.worker.Trips
import dev.ancilla.benchmarks.worker.direct
import dev.ancilla.benchmarks.worker.endOf
import dev.ancilla.coroutines.read
import dev.ancilla.coroutines.write
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.runBlocking

/** A stream in a coroutine: on the loop's thread, or where a program runs that did not ask. */
internal class StreamSuspending(job: Job, private val onLoop: Boolean) : OurStream(job) {
    private fun <T> running(block: suspend CoroutineScope.() -> T): T =
        runBlocking(dispatcherOf(socket, onLoop), block)

    override fun receive(tally: Tally): Unit = running {
        val pieces = Pieces(job.size, tally)
        while (true) count(pieces, socket.read(room.clear()))
    }

    override fun send(round: Round) = running {
        while (round.next()) socket.write(data, beside)
        socket.write(direct(endOf(round.count)))
    }

    override fun echo(): Unit = running {
        while (true) {
            checkGoesOn(socket.read(room.clear()))
            socket.write(room.flip())
        }
    }

    override fun ping(trips: Trips) = running {
        while (trips.next()) {
            socket.write(data)
            room.clear()
            while (room.hasRemaining()) checkGoesOn(socket.read(room))
            trips.done(room.flip())
        }
    }
}
