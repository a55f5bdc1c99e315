package dev.ancilla.examples.guide

import dev.ancilla.Ancillary
import dev.ancilla.OwnedFd
import dev.ancilla.Server
import dev.ancilla.Sockets
import dev.ancilla.StreamSocket
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.connect
import dev.ancilla.coroutines.end
import dev.ancilla.coroutines.frames
import dev.ancilla.coroutines.lines
import dev.ancilla.coroutines.serve
import dev.ancilla.coroutines.write
import dev.ancilla.coroutines.writeFrame
import kotlinx.io.bytestring.decodeToString
import kotlinx.io.bytestring.encodeToByteString
import java.nio.file.Path

/** The snippets about streams of docs/guide-kotlin.md, which stand there word for word. */
internal object KotlinStreams {
    suspend fun serve(server: Server<StreamSocket>) {
        server.serve { connection ->
            connection.lines().collect { name -> connection.write("hello $name\n") }
        }
    }

    suspend fun ask(server: UnixAddress) {
        Sockets.unixStream().open().use { socket ->
            socket.connect(server) // Suspends while the server's backlog is full.
            socket.write("Ada\nGrace\n")
            socket.end() // The server reads both lines, and then the end.
            socket.lines().collect { println(it) }
        }
    }

    suspend fun frames(left: StreamSocket, right: StreamSocket, file: Path) {
        OwnedFd.open(file).use { left.writeFrame("a file".encodeToByteString(), Ancillary.lend(it)) }
        left.end()

        right.frames().collect { frame ->
            val content = frame.ancillary().take().use { it.inputStream().readAllBytes().decodeToString() }
            println("${frame.payload.decodeToString()}: $content")
        }
    }
}
