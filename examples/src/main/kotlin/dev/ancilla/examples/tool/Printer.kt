package dev.ancilla.examples.tool

import dev.ancilla.Datagram
import dev.ancilla.Errno
import dev.ancilla.PeerCredentials
import java.io.ByteArrayOutputStream
import java.io.FileDescriptor
import java.io.FileOutputStream
import java.io.IOException
import java.nio.charset.CharacterCodingException
import java.util.Base64

/** How messages are printed. */
internal enum class Format { TEXT, JSON, RAW }

/** Prints messages to standard output, each with one write, so that a reader sees it at once. */
internal class Printer(private val format: Format) {
    private val out = FileOutputStream(FileDescriptor.out)
    private var printed = 0L

    /** Prints a message and what its descriptors are, without taking them. */
    fun print(message: Datagram) {
        printed++
        val fds = message.ancillary().descriptors().map { ReceivedFd.of(it.number()) }
        write(
            when (format) {
                Format.TEXT -> text(message, fds)
                Format.JSON -> (json(fields(message, fds)) + "\n").encodeToByteArray()
                Format.RAW -> message.bytes()
            },
        )
    }

    private fun write(bytes: ByteArray) {
        try {
            out.write(bytes)
        } catch (e: IOException) {
            val text = e.message.orEmpty()
            throw refused("write", Errno.ofText(text), "standard output", text).initCause(e)
        }
    }

    private fun text(message: Datagram, fds: List<ReceivedFd>): ByteArray {
        val line = ByteArrayOutputStream()
        val bytes = message.bytes()
        line.write(bytes)
        if (bytes.lastOrNull() != '\n'.code.toByte()) line.write('\n'.code)
        if (message.truncated()) line.writeLine("truncated: ${bytes.size} of ${message.size()} bytes")
        for (fd in fds) {
            val size = fd.size?.let { ", $it bytes" }.orEmpty()
            line.writeLine("fd ${fd.number}: ${fd.type} ${fd.target}$size")
        }
        if (message.ancillary().truncated()) line.writeLine("descriptors were discarded")
        return line.toByteArray()
    }

    /** Below its message and set in: what was not in the payload. */
    private fun ByteArrayOutputStream.writeLine(text: String) = write("    $text\n".encodeToByteArray())

    private fun fields(message: Datagram, fds: List<ReceivedFd>): Map<String, Any?> {
        val bytes = message.bytes()
        return linkedMapOf(
            "n" to printed,
            "bytes" to bytes.size,
            "payload" to Base64.getEncoder().encodeToString(bytes),
            "text" to bytes.asUtf8(),
            "sender" to message.sender()?.shown(),
            "truncated" to message.truncated(),
            "fds" to fds.map(::fields),
            "ancillaryTruncated" to message.ancillary().truncated(),
            "credentials" to message.ancillary().credentials()?.let(::fields),
        )
    }

    private fun fields(fd: ReceivedFd) =
        linkedMapOf("fd" to fd.number, "type" to fd.type, "target" to fd.target, "size" to fd.size)

    private fun fields(credentials: PeerCredentials) =
        linkedMapOf("pid" to credentials.pid(), "uid" to credentials.uid(), "gid" to credentials.gid())

    private fun ByteArray.asUtf8(): String? = try {
        decodeToString(throwOnInvalidSequence = true)
    } catch (_: CharacterCodingException) {
        null
    }
}
