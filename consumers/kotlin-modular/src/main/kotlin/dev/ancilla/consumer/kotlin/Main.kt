package dev.ancilla.consumer.kotlin

import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.receive
import dev.ancilla.coroutines.send
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.deleteExisting
import kotlin.io.path.writeText
import kotlin.time.Duration.Companion.seconds

private const val TEXT = "read through a descriptor"

/** Passes a descriptor from one socket to another and reads the file through it. */
fun main() {
    check(OwnedFd::class.java.module.isNamed) { "the library does not run as a module" }
    val directory = Files.createTempDirectory("ancilla-consumer")
    try {
        runBlocking { withTimeout(20.seconds) { passDescriptor(directory) } }
    } finally {
        directory.toFile().deleteRecursively()
    }
}

private suspend fun passDescriptor(directory: Path) {
    val file = directory.resolve("file").apply { writeText(TEXT) }
    val name = UnixAddress.path(directory.resolve("server.sock"))
    Sockets.unixDgram().maxDescriptors(1).bind(name).use { server ->
        Sockets.unixDgram().bind(UnixAddress.autobind()).use { client ->
            OwnedFd.open(file).use { descriptor ->
                file.deleteExisting()
                client.send(Message.of("file").to(name).with(descriptor))
            }
            server.receive().use { request ->
                val text =
                    request.ancillary().take().use { it.inputStream().readAllBytes().decodeToString() }
                check(text == TEXT) { "the descriptor holds \"$text\"" }
                server.send(text, request.sender())
            }
            client.receive().use { reply -> check(reply.text() == TEXT) { "the reply is ${reply.text()}" } }
        }
        println("Kotlin, on the module path, with ${server.provider()}: passed.")
    }
}
