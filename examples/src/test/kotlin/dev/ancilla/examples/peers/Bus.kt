package dev.ancilla.examples.peers

import dev.ancilla.Ancillary
import dev.ancilla.OwnedFd
import dev.ancilla.StreamSocket
import dev.ancilla.coroutines.lines
import dev.ancilla.coroutines.readExactly
import dev.ancilla.coroutines.write
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.withTimeout
import java.nio.ByteBuffer
import java.nio.ByteOrder.LITTLE_ENDIAN
import java.nio.file.Files
import java.nio.file.Path

/** As much of D-Bus as passing a descriptor takes: dbus.freedesktop.org/doc/dbus-specification.html. */
internal class Bus(private val socket: StreamSocket) {
    private var serial = 0

    /** What came, its header not parsed but searched. */
    class Message(
        private val header: ByteArray,
        val body: ByteBuffer,
        val ancillary: Ancillary,
    ) : AutoCloseable {
        val type = header[1].toInt()

        operator fun contains(word: String) = word in header.decodeToString()

        override fun close() = ancillary.close()

        override fun toString() = (header + body.array()).decodeToString().filter { it in ' '..'~' }
    }

    /** The kernel says who we are; the name in the protocol has to be the same. */
    suspend fun authenticate(): List<String> {
        val uid = Files.getAttribute(Path.of("/proc/self"), "unix:uid").toString()
        val hex = uid.encodeToByteArray().joinToString("") { "%02x".format(it) }
        socket.write("\u0000AUTH EXTERNAL $hex\r\n")
        val accepted = line()
        socket.write("NEGOTIATE_UNIX_FD\r\n")
        val agreed = line()
        socket.write("BEGIN\r\n")
        return listOf(accepted, agreed)
    }

    private suspend fun line() = withTimeout(PATIENCE) { socket.lines().first() }

    /** Calls a method of the bus itself. */
    suspend fun callBus(member: String) =
        call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", member)

    /** Calls a method whose one argument, if any, is a descriptor, and lends it. */
    suspend fun call(
        destination: String,
        path: String,
        on: String,
        member: String,
        argument: OwnedFd? = null,
    ) {
        // The index of the descriptor among those of the message.
        val body = ByteArray(if (argument == null) 0 else Int.SIZE_BYTES)
        val fields =
            Marshaller().apply {
                field(PATH, "o", path)
                field(INTERFACE, "s", on)
                field(MEMBER, "s", member)
                field(DESTINATION, "s", destination)
                if (argument != null) {
                    field(SIGNATURE, "h")
                    field(DESCRIPTORS, 1)
                }
            }
        val message =
            Marshaller().apply {
                bytes('l'.code, METHOD_CALL, NO_FLAGS, VERSION)
                int(body.size)
                int(++serial)
                int(fields.size)
                bytes(fields)
                align(8)
            }
        val lent = if (argument == null) Ancillary.none() else Ancillary.lend(argument)
        socket.write(listOf(message.toBuffer(), ByteBuffer.wrap(body)), lent)
    }

    /** Reads the next message; its descriptors come with the first of its bytes. */
    suspend fun read(): Message = withTimeout(PATIENCE) {
        val fixed = ByteBuffer.allocate(16).order(LITTLE_ENDIAN)
        val ancillary = socket.readExactly(fixed)
        val fields = ByteBuffer.allocate((fixed.getInt(12) + 7) / 8 * 8)
        socket.readExactly(fields, 0)
        val body = ByteBuffer.allocate(fixed.getInt(4)).order(LITTLE_ENDIAN)
        socket.readExactly(body, 0)
        Message(fixed.array() + fields.array(), body.flip(), ancillary)
    }

    /** Reads on until a message is wanted; the bus says in an error what it refuses. */
    suspend fun readUntil(wanted: (Message) -> Boolean): Message {
        while (true) {
            val message = read()
            check(message.type != ERROR) { "the bus refuses: $message" }
            if (wanted(message)) return message
            message.close()
        }
    }

    companion object {
        const val METHOD_CALL = 1
        const val METHOD_RETURN = 2
        private const val ERROR = 3
        private const val NO_FLAGS = 0
        private const val VERSION = 1
        private const val PATH = 1
        private const val INTERFACE = 2
        private const val MEMBER = 3
        private const val DESTINATION = 6
        private const val SIGNATURE = 8
        private const val DESCRIPTORS = 9
    }
}

/** Values in the form of D-Bus, each at a multiple of its size. */
private class Marshaller {
    private val buffer = ByteBuffer.allocate(1024).order(LITTLE_ENDIAN)

    val size: Int
        get() = buffer.position()

    fun toBuffer(): ByteBuffer = buffer.duplicate().flip()

    fun bytes(vararg values: Int) = values.forEach { buffer.put(it.toByte()) }

    fun bytes(other: Marshaller) {
        buffer.put(other.toBuffer())
    }

    fun align(to: Int) {
        while (size % to != 0) bytes(0)
    }

    fun int(value: Int) {
        align(Int.SIZE_BYTES)
        buffer.putInt(value)
    }

    /** A header field: its code, and a variant, which is a signature and a value. */
    fun field(code: Int, signature: String, value: String) {
        begin(code, signature)
        int(value.length)
        text(value)
    }

    fun field(code: Int, value: String) {
        begin(code, "g")
        bytes(value.length)
        text(value)
    }

    fun field(code: Int, value: Int) {
        begin(code, "u")
        int(value)
    }

    private fun begin(code: Int, signature: String) {
        align(8)
        bytes(code, signature.length)
        text(signature)
    }

    private fun text(value: String) {
        buffer.put(value.encodeToByteArray())
        bytes(0)
    }
}
