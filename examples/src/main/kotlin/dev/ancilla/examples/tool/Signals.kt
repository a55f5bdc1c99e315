package dev.ancilla.examples.tool

import dev.ancilla.Socket
import java.nio.channels.ClosedChannelException
import java.util.concurrent.atomic.AtomicBoolean
import kotlin.concurrent.thread

/**
 * Uses a socket and closes it at the end, also when a signal ends the program: then its file goes too,
 * and the status is the one the JVM has for signals.
 */
internal suspend fun <S : Socket, T> S.useUntilSignal(block: suspend (S) -> T): T {
    val socket = this
    val signalled = AtomicBoolean()
    val onSignal =
        thread(start = false) {
            signalled.set(true)
            socket.close()
        }
    Runtime.getRuntime().addShutdownHook(onSignal)
    try {
        return socket.use { block(it) }
    } catch (e: ClosedChannelException) {
        // Exiting in earnest from here would wait for the exit that is under way.
        if (signalled.get()) Thread.currentThread().join()
        throw e
    } finally {
        // Refused when the exit is under way, and not needed then.
        runCatching { Runtime.getRuntime().removeShutdownHook(onSignal) }
    }
}
