package dev.ancilla.examples.tool

import dev.ancilla.Ancillary
import dev.ancilla.OwnedFd
import dev.ancilla.UnsupportedFeatureException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runInterruptible
import kotlinx.coroutines.withTimeoutOrNull
import java.io.FileInputStream
import java.io.IOException
import java.nio.ByteBuffer
import java.nio.channels.ClosedByInterruptException
import java.nio.channels.FileChannel
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.StandardOpenOption.CREATE
import java.nio.file.StandardOpenOption.TRUNCATE_EXISTING
import java.nio.file.StandardOpenOption.WRITE
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource

/**
 * Copies what received descriptors hold into [directory], as `message-N-fd-M`, both counted from 1. A
 * sender may pass a pipe that it never closes, or a file without end, so both time and size are bounded.
 */
internal class Saving(private val directory: Path, private val warn: (String) -> Unit) {
    private var messages = 0

    init {
        Files.createDirectories(directory)
    }

    suspend fun save(ancillary: Ancillary) {
        messages++
        val deadline = TimeSource.Monotonic.markNow() + TIME_PER_MESSAGE
        ancillary
            .descriptors()
            .mapIndexed { index, fd -> Source(fd, directory.resolve("message-$messages-fd-${index + 1}")) }
            // Pipes last: what makes others wait shall not take their time.
            .sortedBy { it.isPipe }
            .forEach { save(it, deadline) }
    }

    private suspend fun save(source: Source, deadline: TimeSource.Monotonic.ValueTimeMark) {
        val seen = source.seen
        try {
            if (!source.holdsBytes) {
                return warn("not saved, a ${seen.type} holds nothing to copy: ${seen.target}")
            }
            val whole =
                withTimeoutOrNull(-deadline.elapsedNow()) {
                    runInterruptible(Dispatchers.IO) { source.copy() }
                }
            when (whole) {
                null -> warn("not all saved, ${seen.target} did not end within $TIME_PER_MESSAGE")
                false -> warn("not all saved, ${seen.target} has more than $MAX_BYTES bytes")
                true -> Unit
            }
        } catch (e: IOException) {
            warn("not saved, ${seen.target}: ${e.message}")
        }
    }

    private class Source(private val descriptor: OwnedFd, private val target: Path) {
        val seen = ReceivedFd.of(descriptor.number())
        val isPipe = seen.type == "pipe"
        val holdsBytes = isPipe || seen.type == "file" || seen.type == "memfd"

        /** Returns whether that was all; can be interrupted while it waits for a writer. */
        fun copy(): Boolean = try {
            descriptor.duplicate().use { duplicate ->
                open(duplicate).channel.use { from ->
                    FileChannel.open(target, CREATE, WRITE, TRUNCATE_EXISTING).use { copy(from, it) }
                }
            }
        } catch (_: ClosedByInterruptException) {
            throw InterruptedException("interrupted while copying ${seen.target}")
        }

        /** The channel of a Java descriptor can be interrupted; native-ffm has none, so there it is opened anew. */
        private fun open(fd: OwnedFd): FileInputStream = try {
            FileInputStream(fd.fileDescriptor())
        } catch (_: UnsupportedFeatureException) {
            FileInputStream("/proc/self/fd/${fd.number()}")
        }

        /** All of a file, wherever the sender has read to: its position is the sender's too and stays. */
        private fun copy(from: FileChannel, to: FileChannel): Boolean {
            val buffer = ByteBuffer.allocate(BUFFER)
            var copied = 0L
            while (true) {
                val count = if (isPipe) from.read(buffer) else from.read(buffer, copied)
                if (count < 0) return true
                if (copied + count > MAX_BYTES) return false
                buffer.flip()
                while (buffer.hasRemaining()) to.write(buffer)
                buffer.clear()
                copied += count
            }
        }
    }

    companion object {
        val TIME_PER_MESSAGE = 5.seconds
        const val MAX_BYTES = 1L shl 30
        private const val BUFFER = 65_536
    }
}
