package dev.ancilla.benchmarks.ours

import dev.ancilla.Server
import dev.ancilla.Sockets
import dev.ancilla.StreamSocket
import dev.ancilla.UnixAddress
import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.coroutines.accept
import kotlinx.coroutines.runBlocking
import dev.ancilla.benchmarks.worker.Server as Serving

/** A server of ours that accepts connections and closes them. */
internal fun acceptorOfOurs(job: Job): Serving {
    val server = Sockets.unixServer().listen(UnixAddress.path(job.self))
    return when (job.style) {
        "blocking" -> Serving { while (true) server.blocking().accept().close() }
        "suspend" -> Serving { coroutine(server, onLoop = true) }
        "default" -> Serving { coroutine(server, onLoop = false) }
        "listener" -> Serving { server.listen { _, connection -> connection.close() } }
        "async" -> Serving { endlessly { server.async().accept().thenAccept { it.close() } } }
        else -> error("no server ${job.style}")
    }
}

private fun coroutine(server: Server<StreamSocket>, onLoop: Boolean): Unit =
    runBlocking(dispatcherOf(server, onLoop)) { while (true) server.accept().close() }
