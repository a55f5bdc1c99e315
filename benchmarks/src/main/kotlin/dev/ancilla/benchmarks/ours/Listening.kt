package dev.ancilla.benchmarks.ours

import dev.ancilla.Datagram
import dev.ancilla.DgramListener
import dev.ancilla.DgramSocket
import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Style
import dev.ancilla.benchmarks.worker.Tally
import dev.ancilla.benchmarks.worker.fail

/** A listener, called back on the loop's thread; what goes out, as the style with futures. */
internal class Listening private constructor(
    private val job: Job,
    private val futures: Futures,
) : Style by futures {
    constructor(job: Job) : this(job, Futures(job))

    override fun receive(tally: Tally) = listen { _, message -> message.use { tally.add(it) } }

    override fun echo() = listen { socket, message ->
        message.use {
            if (!socket.trySend(
                    it.payload(),
                    if (job.connects) null else it.sender(),
                )
            ) {
                fail("no room for an answer")
            }
        }
    }

    private fun listen(onMessage: (DgramSocket, Datagram) -> Unit) {
        futures.socket.listen(
            object : DgramListener {
                override fun onMessage(socket: DgramSocket, datagram: Datagram) = onMessage(socket, datagram)

                override fun onError(socket: DgramSocket, error: Throwable) = fail("$error")
            },
        )
    }
}
