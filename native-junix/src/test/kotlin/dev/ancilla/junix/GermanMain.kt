@file:JvmName("GermanMain")

package dev.ancilla.junix

import dev.ancilla.Message
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress

/** Meets the common errors where the kernel's texts are in the language of the process. */
fun main(arguments: Array<String>) {
    val (stale, stream, forbidden) = arguments.map { UnixAddress.path(it) }
    bound().use { socket ->
        tellsErrno { socket.send("x", UnixAddress.path("/nowhere/x.sock")) }
        tellsErrno { socket.send("x", stale) }
        tellsErrno { socket.trySend(Message.of(ByteArray(1 shl 20)).to(socket.localAddress())) }
        tellsErrno { socket.send("x", stream) }
        tellsErrno { unnamed().use { it.bind(forbidden) } }
        tellsErrno { socket.send("x", null) }
        tellsErrno { unnamed().use { it.bind(socket.localAddress()) } }
        socket.tryConnect(socket.localAddress())
        tellsErrno { unnamed().use { it.send("x", socket.localAddress()) } }
    }
    Sockets.providers().filter { it.name() == "native-junix" }.forEach {
        println(
            "provider ${it.available()}",
        )
    }
}

private fun tellsErrno(block: () -> Unit) = try {
    block()
    println("not refused")
} catch (e: SocketOpException) {
    println("${e.operation()} ${e.errno()} = ${e.text()}")
}
