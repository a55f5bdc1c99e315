package dev.ancilla.benchmarks.ours

import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Pieces
import dev.ancilla.benchmarks.worker.Round
import dev.ancilla.benchmarks.worker.Tally
import dev.ancilla.benchmarks.worker.Trips
import dev.ancilla.benchmarks.worker.direct
import dev.ancilla.benchmarks.worker.endOf
import java.util.concurrent.CompletableFuture

/** A stream with futures: each goes on where the one before it completed. */
internal class StreamFutures(job: Job) : OurStream(job) {
    private val view by lazy { socket.async() }

    override fun receive(tally: Tally) {
        val pieces = Pieces(job.size, tally)
        endlessly { view.read(room.clear()).thenAccept { count(pieces, it) } }
    }

    override fun send(round: Round) {
        val sent = CompletableFuture<Void>()
        repeatedly(sent, round::next) { view.write(listOf(data), beside) }
        sent.join()
        view.write(direct(endOf(round.count))).join()
    }

    override fun echo() = endlessly {
        view.read(room.clear()).thenCompose {
            checkGoesOn(it)
            view.write(room.flip())
        }
    }

    override fun ping(trips: Trips) {
        val ended = CompletableFuture<Void>()
        repeatedly(ended, trips::next) {
            view.write(data).thenCompose { answer() }.thenAccept { trips.done(room.flip()) }
        }
        ended.join()
    }

    private fun answer(): CompletableFuture<Void> {
        val whole = CompletableFuture<Void>()
        room.clear()
        repeatedly(whole, room::hasRemaining) { view.read(room).thenAccept(::checkGoesOn) }
        return whole
    }
}
