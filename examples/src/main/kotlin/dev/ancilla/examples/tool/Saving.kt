package dev.ancilla.examples.tool

import dev.ancilla.Datagram
import dev.ancilla.OwnedFd
import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.StandardCopyOption

/** Copies what received descriptors hold into [directory], as `message-N-fd-M`, both counted from 1. */
internal class Saving(private val directory: Path, private val warn: (String) -> Unit) {
    private var messages = 0

    init {
        Files.createDirectories(directory)
    }

    fun save(message: Datagram) {
        messages++
        message.ancillary().descriptors().forEachIndexed { index, descriptor ->
            val target = directory.resolve("message-$messages-fd-${index + 1}")
            val seen = ReceivedFd.of(descriptor.number())
            try {
                when (seen.type) {
                    "file", "memfd" -> copyFile(descriptor, target)
                    "pipe" -> copyPipe(descriptor, target)
                    else -> warn("not saved, a ${seen.type} holds nothing to copy: ${seen.target}")
                }
            } catch (e: IOException) {
                warn("not saved, ${seen.target}: ${e.message}")
            }
        }
    }

    /** All of it, wherever the sender has read to; the position is the sender's too and stays. */
    private fun copyFile(descriptor: OwnedFd, target: Path) {
        descriptor.duplicate().channel().use { file ->
            val position = file.position()
            try {
                file.position(0)
                Files.newOutputStream(target).use { out ->
                    java.nio.channels.Channels.newInputStream(file).copyTo(out)
                }
            } finally {
                file.position(position)
            }
        }
    }

    /** Up to its end, for which the last writer has to close it. */
    private fun copyPipe(descriptor: OwnedFd, target: Path) {
        descriptor.duplicate().inputStream().use {
            Files.copy(
                it,
                target,
                StandardCopyOption.REPLACE_EXISTING,
            )
        }
    }
}
