package dev.ancilla.examples.demo

import dev.ancilla.OwnedFd
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.receiveOrNull
import kotlinx.coroutines.delay
import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.isDirectory
import kotlin.io.path.listDirectoryEntries
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource

/** The open descriptors of this process: numbers, and what they are. */
internal object OpenFds {
    private val directory = Path.of("/proc/self/fd")

    /** Without the one that lists them: its link is gone when it is read. */
    fun all(): Map<String, String> = directory
        .listDirectoryEntries()
        .mapNotNull { link ->
            try {
                link.fileName.toString() to Files.readSymbolicLink(link).toString()
            } catch (_: IOException) {
                null
            }
        }.toMap()

    /**
     * Checks that there are as many as [before]. The event loop closes its own a moment after the last
     * socket was closed, so this gives it time.
     *
     * @return how many there were and are
     * @throws IllegalStateException if there are others
     */
    suspend fun compare(before: Map<String, String>): String {
        val started = TimeSource.Monotonic.markNow()
        var now = all()
        while (now.size != before.size && started.elapsedNow() < 3.seconds) {
            delay(20.milliseconds)
            now = all()
        }
        check(now.size == before.size) {
            "${before.size} descriptors were open before and ${now.size} after, more are ${now - before.keys}"
        }
        return "${before.size} descriptors open before, ${now.size} after"
    }

    /**
     * Counts when a socket of each kind and a file were opened once. What the JVM opens for its first ones
     * it keeps for the next, so it is no leak; and what it needed only to load classes is closed again.
     */
    suspend fun warmedUp(): Map<String, String> {
        Sockets.udp().bind(0).use { it.receiveOrNull(1.milliseconds) }
        Sockets.unixDgram().bind(UnixAddress.autobind()).use {
            OwnedFd.open(Path.of("/proc/self/stat")).use { file -> file.inputStream().read() }
        }
        var now = all()
        do {
            val before = now
            delay(100.milliseconds)
            now = all()
        } while (now != before)
        return now
    }
}
