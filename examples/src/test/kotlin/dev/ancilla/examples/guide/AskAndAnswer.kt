package dev.ancilla.examples.guide

import dev.ancilla.DgramSocket
import dev.ancilla.Message
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.UnixDgramClient
import dev.ancilla.coroutines.answerEach
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlin.time.Duration.Companion.seconds

// The sample of the KDoc, which needs Unix sockets; its own module's tests have none.

/** A server that doubles numbers, and a client that asks it for one. */
suspend fun askAndAnswer(server: DgramSocket, address: UnixAddress): Int = coroutineScope {
    val answering =
        launch {
            server.answerEach { question -> Message.of((question.text().toInt() * 2).toString()) }
        }
    val client = UnixDgramClient(address, { n: Int -> Message.of(n.toString()) }, { it.text().toInt() })
    client.use { it.ask(21, timeout = 5.seconds) }.also { answering.cancel() }
}
