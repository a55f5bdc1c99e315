package dev.ancilla.examples

import dev.ancilla.Message
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.answerEach
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking

/**
 * A service with structured concurrency: each request has a coroutine of its own, all of them end with the scope,
 * and SIGTERM ends the scope. The socket file is gone when the process is.
 */
fun main(args: Array<String>) {
    val address = UnixAddress.parse(args.single())
    runBlocking(Dispatchers.Default) {
        endOnTermination(launch { serve(address) })
    }
}

private suspend fun serve(address: UnixAddress) {
    val store = KeyValueStore()
    Sockets.unixDgram().replaceStale().mode(OWNER_ONLY).bind(address).use { socket ->
        println("serving at $address")
        try {
            socket.answerEach { request -> Message.of(store.answer(request.text())) }
        } finally {
            println("served")
        }
    }
}

private const val OWNER_ONLY = 0b110_000_000 // 0600
