package dev.ancilla.examples.tool

import dev.ancilla.InheritedFd
import dev.ancilla.Sockets
import dev.ancilla.coroutines.accept
import dev.ancilla.coroutines.read
import dev.ancilla.coroutines.receive
import dev.ancilla.coroutines.write
import kotlinx.coroutines.runBlocking
import java.nio.ByteBuffer

/** A program that a supervisor leaves two sockets to. */
fun main() {
    val found = Sockets.inherited()
    println(found.joinToString { "${it.name()} ${it.kind()} ${it.listens()}" })
    val (letters, door) = found.map(InheritedFd::descriptor)
    Sockets.unixDgram().adopt(letters).use { socket ->
        println("ready")
        println(runBlocking { socket.receive().use { it.text() } })
    }
    Sockets.unixServer().adopt(door).use { server ->
        runBlocking {
            server.accept().use {
                // Who is not heard out meets a broken pipe.
                it.read(ByteBuffer.allocate(100)).close()
                it.write("welcome")
            }
        }
    }
}
