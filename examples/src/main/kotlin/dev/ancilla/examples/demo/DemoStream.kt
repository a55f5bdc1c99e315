package dev.ancilla.examples.demo

import dev.ancilla.Ancillary
import dev.ancilla.OwnedFd
import dev.ancilla.Sockets
import dev.ancilla.StreamSocket
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.accept
import dev.ancilla.coroutines.connect
import dev.ancilla.coroutines.end
import dev.ancilla.coroutines.lines
import dev.ancilla.coroutines.read
import dev.ancilla.coroutines.readExactly
import dev.ancilla.coroutines.write
import kotlinx.coroutines.flow.toList
import java.nio.ByteBuffer
import java.nio.file.Path
import kotlin.io.path.deleteExisting
import kotlin.io.path.writeText

/**
 * The stream of the demo: what three writes wrote, of which the second carries two descriptors, is read in
 * other pieces.
 */
internal class DemoStream(private val story: Story, private val meeting: Path) {
    private val address = UnixAddress.path(meeting.resolve("stream.sock"))

    /** Serves one connection, and answers with a line for each piece. */
    suspend fun serve(listening: suspend () -> Unit) {
        Sockets.unixServer().maxDescriptors(2).mode(OWNER_ONLY).listen(address).use { server ->
            listening()
            server.accept().use { connection ->
                val pieces = listOf(3, 6, 7).map { readPiece(connection, it) }
                check(connection.read(ByteBuffer.allocate(1)).isEnd) { "more came than was to be sent" }
                story.tell("reads the end of the stream")
                connection.end(listOf(ByteBuffer.wrap(pieces.joinToString("\n").encodeToByteArray())))
            }
        }
    }

    private suspend fun readPiece(connection: StreamSocket, bytes: Int): String {
        val piece = ByteBuffer.allocate(bytes)
        val files = connection.readExactly(piece).use { came -> came.descriptors().map(::content) }
        return "\"${piece.array().decodeToString()}\" with $files".also { story.tell("reads $it") }
    }

    private fun content(descriptor: OwnedFd) = descriptor.inputStream().readAllBytes().decodeToString()

    /** Connects and writes, and checks what the server has read. */
    suspend fun ask() {
        Sockets.unixStream().open().use { socket ->
            socket.connect(address)
            story.tell("connects to $address, process ${socket.peerCredentials().pid()}")
            socket.write("12345")
            story.tell("writes \"12345\"")
            unnamed("left").use { left ->
                unnamed("right").use { right -> socket.write("abcdefg", Ancillary.lend(left, right)) }
            }
            story.tell("writes \"abcdefg\", with the descriptors of two files")
            socket.end(listOf(ByteBuffer.wrap("6789".encodeToByteArray())))
            story.tell("writes \"6789\", and ends its output")
            val read = socket.lines().toList()
            check(read == listOf("\"123\" with []", "\"45abcd\" with [left, right]", "\"efg6789\" with []")) {
                "the server read $read"
            }
        }
        story.tell(
            "hears from the server that both descriptors came with \"a\", the byte they were sent with",
        )
    }

    private fun unnamed(content: String): OwnedFd {
        val file = meeting.resolve(content).apply { writeText(content) }
        return OwnedFd.open(file).also { file.deleteExisting() }
    }

    companion object {
        private const val OWNER_ONLY = 0b110_000_000 // 0600

        /** Why this machine has no streams, or `null` where it has. */
        fun missing(): String? = try {
            Sockets.unixStream().open().close()
            null
        } catch (e: UnsupportedOperationException) {
            e.message
        }
    }
}
