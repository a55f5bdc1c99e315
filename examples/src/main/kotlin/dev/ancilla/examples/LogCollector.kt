package dev.ancilla.examples

import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.Overflow
import dev.ancilla.coroutines.channel
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext

/** A log daemon: prints what its clients send, and lives on when they come and go. */
object LogCollector {
    /** Collects at the address given, until the process ends. */
    @JvmStatic
    fun main(args: Array<String>) {
        runBlocking { collect(UnixAddress.parse(args.single()), ::println) }
    }

    /**
     * Collects lines until cancelled. A writer never waits for a slow reader of the log: the oldest lines are
     * dropped, and how many is a line of the log.
     */
    suspend fun collect(address: UnixAddress, write: (String) -> Unit) {
        Sockets.unixDgram().replaceStale().bind(address).use { socket ->
            // Two threads at least: while one is held up by the reader of the log, another receives.
            withContext(Dispatchers.IO) {
                val lines = socket.channel(this, capacity = 1024, overflow = Overflow.DROP_OLDEST)
                var told = 0L
                for (line in lines.incoming) {
                    line.use { write(it.text().trimEnd('\n', '\u0000')) }
                    val dropped = lines.droppedCount
                    if (dropped > told) write("${dropped - told} lines were dropped")
                    told = dropped
                }
            }
        }
    }
}
