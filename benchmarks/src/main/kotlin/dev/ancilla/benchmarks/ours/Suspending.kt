package dev.ancilla.benchmarks.ours

import dev.ancilla.Socket
import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Round
import dev.ancilla.benchmarks.worker.Tally
import dev.ancilla.benchmarks.worker.Trips
import dev.ancilla.benchmarks.worker.endOf
import dev.ancilla.coroutines.asCoroutineDispatcher
import dev.ancilla.coroutines.receive
import dev.ancilla.coroutines.send
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runBlocking
import java.nio.ByteBuffer

/** One by one in a coroutine: on the loop's thread, or where a program runs that did not ask. */
internal class Suspending(job: Job, onLoop: Boolean) : Ours(job) {
    private val dispatcher = dispatcherOf(socket, onLoop)

    override fun receive(tally: Tally): Unit = runBlocking(dispatcher) {
        while (true) socket.receive().use { tally.add(it) }
    }

    override fun send(round: Round) = runBlocking(dispatcher) {
        while (round.next()) {
            if (job.fds) socket.send(dataWithFd) else socket.send(data, target)
        }
        socket.send(ByteBuffer.wrap(endOf(round.count)), target)
    }

    override fun echo(): Unit = runBlocking(dispatcher) {
        while (true) {
            socket.receive().use {
                socket.send(
                    it.payload(),
                    if (job.connects) null else it.sender(),
                )
            }
        }
    }

    override fun ping(trips: Trips) = runBlocking(dispatcher) {
        while (trips.next()) {
            socket.send(data, target)
            socket.receive().use { trips.done(it.payload()) }
        }
    }
}

internal fun dispatcherOf(socket: Socket, onLoop: Boolean): CoroutineDispatcher =
    if (onLoop) socket.eventLoop().asCoroutineDispatcher() else Dispatchers.Default
