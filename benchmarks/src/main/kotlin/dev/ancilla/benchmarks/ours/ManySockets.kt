package dev.ancilla.benchmarks.ours

import dev.ancilla.DgramSocket
import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Server
import dev.ancilla.benchmarks.worker.fail
import dev.ancilla.benchmarks.worker.paths
import dev.ancilla.coroutines.receive
import dev.ancilla.coroutines.send
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlin.concurrent.thread

/** Many sockets of ours that answer: a coroutine, a listener or a thread each. */
internal fun serverOfOurs(job: Job): Server {
    val sockets = job.paths().map { opened(job, it) }
    return when (job.style) {
        "suspend" -> Server { coroutines(sockets, onLoop = true) }
        "default" -> Server { coroutines(sockets, onLoop = false) }
        "listener" -> Server { sockets.forEach(::listen) }
        "blocking" -> Server { sockets.forEach { thread { block(it) } } }
        else -> error("no server ${job.style}")
    }
}

private fun coroutines(sockets: List<DgramSocket>, onLoop: Boolean) =
    runBlocking(dispatcherOf(sockets[0], onLoop)) {
        for (socket in sockets) {
            launch { while (true) socket.receive().use { socket.send(it.payload(), it.sender()) } }
        }
    }

private fun listen(socket: DgramSocket) {
    socket.listen { _, message ->
        message.use { if (!socket.trySend(it.payload(), it.sender())) fail("no room for an answer") }
    }
}

private fun block(socket: DgramSocket) {
    val view = socket.blocking()
    while (true) view.receive().use { view.send(it.payload(), it.sender()) }
}
