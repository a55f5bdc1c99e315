package dev.ancilla.testkit.samples

import dev.ancilla.Server
import dev.ancilla.Sockets
import dev.ancilla.StreamSocket
import dev.ancilla.coroutines.connect
import dev.ancilla.coroutines.end
import dev.ancilla.coroutines.lines
import dev.ancilla.coroutines.serve
import dev.ancilla.coroutines.split
import dev.ancilla.coroutines.write
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import java.nio.ByteBuffer

/** A server that greets each line, and a client of it. */
internal suspend fun serveAndAsk(server: Server<StreamSocket>): List<String> = coroutineScope {
    val serving =
        launch {
            server.serve { connection ->
                connection.lines().collect { name -> connection.write("hello $name\n") }
            }
        }
    Sockets.unixStream().open().use { client ->
        client.connect(server.localAddress())
        client.write("Ada\nGrace\n")
        client.end()
        client.lines().toList().also { serving.cancel() }
    }
}

/** One coroutine writes while the other reads; the socket is closed when both are done. */
internal suspend fun splitStream(socket: StreamSocket): String = coroutineScope {
    val (input, output) = socket.split()
    launch { output.use { it.write(ByteBuffer.wrap("to the peer".encodeToByteArray())) } }
    input.use {
        val answer = ByteBuffer.allocate(9)
        it.readExactly(answer).close()
        answer.array().decodeToString()
    }
}
