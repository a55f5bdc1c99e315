package dev.ancilla.coroutines

import dev.ancilla.Server
import dev.ancilla.UnixConnection
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Semaphore
import java.nio.channels.ClosedChannelException

/**
 * Returns the connections as they are accepted, as a cold flow. It completes when the server is closed.
 *
 * ### Ownership
 * The collector closes each connection. One that it throws at, or is cancelled at, is closed for it.
 *
 * ### Cancellation
 * A collector that is cancelled while it waits loses nothing.
 *
 * ### Back-pressure
 * A slow collector leaves connections in the server's backlog; when that is full, clients wait.
 */
public fun <S : UnixConnection> Server<S>.connections(): Flow<S> = Received(
    next = { acceptOrEnd() },
    give = { connection ->
        try {
            emit(connection)
        } catch (failure: Throwable) {
            connection.close()
            throw failure
        }
    },
)

private suspend fun <S : UnixConnection> Server<S>.acceptOrEnd(): S? = try {
    accept()
} catch (closed: ClosedChannelException) {
    if (isOpen) throw closed
    null
}

/**
 * Accepts connections and runs [handler] for each, in a coroutine of its own, until the server is closed; then
 * waits for the handlers that still run.
 *
 * ### Ownership
 * A connection is closed when its handler has ended, however it did.
 *
 * ### Cancellation
 * Cancelling the call cancels all handlers and closes their connections; the server stays open.
 *
 * ### Errors
 * What a handler throws ends its connection only, and is told to [onFailure]: also an [Error], and the end of
 * a timeout of its own.
 *
 * @param atMost how many connections are served at a time; further ones wait in the backlog
 * @param onFailure is called in the coroutine of the handler that failed; logs by default
 * @throws IllegalArgumentException if [atMost] is less than 1
 * @throws dev.ancilla.SocketOpException if the kernel refuses to accept; the handlers are cancelled then
 * @sample dev.ancilla.testkit.samples.serveAndAsk
 */
public suspend fun <S : UnixConnection> Server<S>.serve(
    atMost: Int = Int.MAX_VALUE,
    onFailure: (S, Throwable) -> Unit = { connection, failure ->
        System
            .getLogger("dev.ancilla.coroutines")
            .log(System.Logger.Level.WARNING, "the handler of $connection failed", failure)
    },
    handler: suspend (S) -> Unit,
): Unit = coroutineScope {
    require(atMost >= 1) { "serve: atMost is $atMost, less than 1" }
    val places = Semaphore(atMost)
    while (true) {
        places.acquire()
        val connection = acceptOrEnd() ?: return@coroutineScope
        launch {
            try {
                handler(connection)
            } catch (failure: Throwable) {
                // One that is not of this coroutine is of the handler's own making.
                if (failure is CancellationException) ensureActive()
                onFailure(connection, failure)
            }
        }.invokeOnCompletion {
            // Here and not in the coroutine: one that is cancelled before it began runs not at all.
            connection.close()
            places.release()
        }
    }
}
