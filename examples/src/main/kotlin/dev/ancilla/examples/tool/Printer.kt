package dev.ancilla.examples.tool

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

/**
 * Prints what arrives to standard output, each with one write, so that a reader sees it at once. As text each
 * message has lines of its own; the reads of a [stream] follow each other as the stream was written.
 */
internal class Printer(private val format: Format, private val stream: Boolean = false) {
    private val out = FileOutputStream(FileDescriptor.out)
    private var printed = 0L
    private var midLine = false

    /** Prints what came and what its descriptors are, without taking them. */
    fun print(arrival: Arrival) {
        printed++
        val fds = arrival.ancillary.descriptors().map { ReceivedFd.of(it.number()) }
        write(
            when (format) {
                Format.TEXT -> text(arrival, fds)
                Format.JSON -> jsonLine(fields(arrival, fds))
                Format.RAW -> arrival.bytes
            },
        )
    }

    /** Prints the end of a stream, where the format tells it. */
    fun printEnd() {
        if (format == Format.JSON) write(jsonLine(mapOf("eof" to true)))
        endLine()
    }

    /** Ends the line that a stream has begun, if it has. */
    fun endLine() {
        if (midLine) write(byteArrayOf(NEWLINE))
        midLine = false
    }

    private fun jsonLine(value: Map<String, Any?>) = (json(value) + "\n").encodeToByteArray()

    private fun write(bytes: ByteArray) {
        try {
            out.write(bytes)
        } catch (e: IOException) {
            val text = e.message.orEmpty()
            throw refused("write", Errno.ofText(text), "standard output", text).initCause(e)
        }
    }

    private fun text(arrival: Arrival, fds: List<ReceivedFd>): ByteArray {
        val text = ByteArrayOutputStream()
        val below = below(arrival, fds)
        text.write(arrival.bytes)
        if (arrival.bytes.isNotEmpty()) midLine = arrival.bytes.last() != NEWLINE
        if (below.isNotEmpty() || !stream) {
            if (midLine || (arrival.bytes.isEmpty() && !stream)) text.write(NEWLINE.toInt())
            midLine = false
        }
        for (line in below) text.write("    $line\n".encodeToByteArray())
        return text.toByteArray()
    }

    /** What was not in the payload stands below it and set in. */
    private fun below(arrival: Arrival, fds: List<ReceivedFd>): List<String> = buildList {
        if (arrival.truncated) add("truncated: ${arrival.bytes.size} of ${arrival.size} bytes")
        for (fd in fds) {
            val size = fd.size?.let { ", $it bytes" }.orEmpty()
            add("fd ${fd.number}: ${fd.type} ${fd.target}$size")
        }
        if (arrival.ancillary.truncated()) add("descriptors were discarded")
    }

    private fun fields(arrival: Arrival, fds: List<ReceivedFd>): Map<String, Any?> = linkedMapOf(
        "n" to printed,
        "bytes" to arrival.bytes.size,
        "payload" to Base64.getEncoder().encodeToString(arrival.bytes),
        "text" to arrival.bytes.asUtf8(),
        "sender" to arrival.sender?.shown(),
        "truncated" to arrival.truncated,
        "fds" to fds.map(::fields),
        "ancillaryTruncated" to arrival.ancillary.truncated(),
        "credentials" to arrival.credentials?.let(::fields),
    )

    private fun fields(fd: ReceivedFd) =
        linkedMapOf("fd" to fd.number, "type" to fd.type, "target" to fd.target, "size" to fd.size)

    private fun fields(credentials: PeerCredentials) =
        linkedMapOf("pid" to credentials.pid(), "uid" to credentials.uid(), "gid" to credentials.gid())

    private fun ByteArray.asUtf8(): String? = try {
        decodeToString(throwOnInvalidSequence = true)
    } catch (_: CharacterCodingException) {
        null
    }

    private companion object {
        const val NEWLINE = '\n'.code.toByte()
    }
}
