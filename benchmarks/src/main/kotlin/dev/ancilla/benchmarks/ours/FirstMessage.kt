package dev.ancilla.benchmarks.ours

import dev.ancilla.DgramSocket
import dev.ancilla.Message
import dev.ancilla.benchmarks.worker.DATA
import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.dataOf
import dev.ancilla.coroutines.asCoroutineDispatcher
import dev.ancilla.coroutines.receive
import dev.ancilla.coroutines.send
import kotlinx.coroutines.runBlocking

/** One message to itself, which is all that a program that starts has to do here. */
internal fun firstMessage(job: Job) {
    val message = Message.of(dataOf(16)).to(addressOf(job.self))
    opened(job, job.self).use { socket ->
        val received = if (job.style == "suspend") suspending(socket, message) else blocking(socket, message)
        check(received == DATA)
    }
}

private fun blocking(socket: DgramSocket, message: Message): Byte {
    socket.blocking().send(message)
    return socket.blocking().receive().use { it.payload().get(0) }
}

private fun suspending(socket: DgramSocket, message: Message): Byte =
    runBlocking(socket.eventLoop().asCoroutineDispatcher()) {
        socket.send(message)
        socket.receive().use { it.payload().get(0) }
    }
