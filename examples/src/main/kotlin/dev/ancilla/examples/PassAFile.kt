package dev.ancilla.examples

import dev.ancilla.Ancillary
import dev.ancilla.OwnedFd
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.receive
import dev.ancilla.coroutines.send
import java.nio.file.Path

/** A client opens a file and passes its descriptor to a server, which reads it. */
suspend fun main() {
    Sockets.unixDgram().maxDescriptors(1).bind(UnixAddress.autobind()).use { server ->
        Sockets.unixDgram().open().use { client ->
            OwnedFd.open(Path.of("/etc/hostname")).use { file ->
                client.send("read this", server.localAddress(), Ancillary.lend(file))
            }
        }
        server.receive().use { message ->
            val content = message.ancillary().take().use { it.inputStream().readAllBytes().decodeToString() }
            println("${message.text()}: $content")
        }
    }
}
