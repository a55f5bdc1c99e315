@file:JvmName("OutOfDescriptorsMain")

package dev.ancilla.junix

import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.SocketOpException
import dev.ancilla.UnixAddress
import java.io.IOException
import java.nio.file.Path

/** Receives ten descriptors, and this text, with room for four, in a process that may open few. */
fun main(arguments: Array<String>) {
    val (hostile) = arguments
    bound(maxDescriptors = 20).use { receiver ->
        unnamed().use { sender ->
            // Once around, so that no class has to be opened later.
            fileWith("warm").use { sender.send("warm", receiver.localAddress(), it) }
            receiver.receive().close()
            bound().close()
            sender.refusal(UnixAddress.path("/nowhere/x.sock"))
            OwnedFd.open(Path.of("/dev/null")).use { file ->
                val lent = Array(10) { file }
                sender.blocking().send(Message.of(hostile).to(receiver.localAddress()).with(*lent))
            }
            sender.send("after", receiver.localAddress())
            val ballast = ArrayDeque<OwnedFd>()
            try {
                while (true) {
                    ballast.add(OwnedFd.open(Path.of("/dev/null")))
                }
            } catch (full: IOException) {
                repeat(4) { ballast.removeFirst().close() }
            }
            val before = ballast.size
            try {
                receiver.receive().use { println("received ${it.ancillary().descriptors().size}") }
            } catch (e: SocketOpException) {
                println("told ${e.errno()} ${e.text()}")
            }
            println("then received ${receiver.receiveText()}")
            var free = 0
            val again = ArrayDeque<OwnedFd>()
            try {
                while (true) {
                    again.add(OwnedFd.open(Path.of("/dev/null")))
                    free++
                }
            } catch (full: IOException) {
                println("leaked ${4 - free}")
            }
            check(ballast.size == before)
            (again + ballast).forEach { it.close() }
        }
    }
}
