package dev.ancilla.benchmarks.ours

import dev.ancilla.Datagram
import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Round
import dev.ancilla.benchmarks.worker.Tally
import dev.ancilla.benchmarks.worker.Trips
import dev.ancilla.benchmarks.worker.endOf
import java.nio.ByteBuffer
import java.util.concurrent.CompletableFuture

/** One by one with futures: each goes on where the one before it completed. */
internal class Futures(job: Job) : Ours(job) {
    private val view = socket.async()

    override fun receive(tally: Tally) = endlessly { view.receive().thenAccept { it.use(tally::add) } }

    override fun send(round: Round) {
        val sent = CompletableFuture<Void>()
        repeatedly(sent, round::next) { if (job.fds) view.send(dataWithFd) else view.send(data, target) }
        sent.join()
        view.send(ByteBuffer.wrap(endOf(round.count)), target).join()
    }

    override fun echo() = endlessly { view.receive().thenCompose(::answer) }

    override fun ping(trips: Trips) {
        val ended = CompletableFuture<Void>()
        repeatedly(ended, trips::next) {
            view.send(data, target).thenCompose { view.receive() }.thenAccept { answer ->
                answer.use { trips.done(it.payload()) }
            }
        }
        ended.join()
    }

    private fun answer(message: Datagram): CompletableFuture<Void> = message.use {
        view.send(it.payload(), if (job.connects) null else it.sender())
    }
}
