package dev.ancilla.coroutines.samples

import dev.ancilla.DgramSocket
import dev.ancilla.Message
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.Overflow
import dev.ancilla.coroutines.UnixDgramClient
import dev.ancilla.coroutines.answerEach
import dev.ancilla.coroutines.asCoroutineDispatcher
import dev.ancilla.coroutines.channel
import dev.ancilla.coroutines.incoming
import dev.ancilla.coroutines.send
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import kotlin.time.Duration.Companion.seconds

/** Answers every message with itself, without a hop to another thread. */
suspend fun echoOnTheLoop(socket: DgramSocket) {
    withContext(socket.eventLoop().asCoroutineDispatcher()) {
        socket.incoming().collect { message ->
            message.sender()?.let { socket.send(Message.of(message.payload()).to(it)) }
        }
    }
}

/** Answers every message over channels; what comes too fast pushes out the oldest. */
suspend fun answerOverChannel(socket: DgramSocket) {
    coroutineScope {
        val messages = socket.channel(this, capacity = 16, overflow = Overflow.DROP_OLDEST)
        for (message in messages.incoming) {
            message.use { messages.outgoing.send(Message.of("got ${it.text()}").to(it.sender())) }
        }
    }
}

/** A server that doubles numbers, and a client that asks it for one. */
suspend fun askAndAnswer(server: DgramSocket, address: UnixAddress): Int = coroutineScope {
    val answering =
        launch {
            server.answerEach { question -> Message.of((question.text().toInt() * 2).toString()) }
        }
    val client = UnixDgramClient(address, { n: Int -> Message.of(n.toString()) }, { it.text().toInt() })
    client.use { it.ask(21, timeout = 5.seconds) }.also { answering.cancel() }
}
