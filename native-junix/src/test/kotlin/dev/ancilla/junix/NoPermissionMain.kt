@file:JvmName("NoPermissionMain")

package dev.ancilla.junix

import dev.ancilla.SocketOpException
import dev.ancilla.UnixAddress

/** Tries to bind at one path and to reach another, neither of which this user may. */
fun main(arguments: Array<String>) {
    val (forbidden, private) = arguments.map { UnixAddress.path(it) }
    unnamed().use { socket ->
        tells { socket.bind(forbidden) }
        tells { socket.send("x", private) }
        tells { socket.tryConnect(private) }
        socket.bind(UnixAddress.autobind())
        socket.send("x", socket.localAddress())
        println("then received ${socket.receiveText()}")
    }
}

internal fun tells(block: () -> Unit) = try {
    block()
    println("not refused")
} catch (e: SocketOpException) {
    println("told ${e.message}")
}
