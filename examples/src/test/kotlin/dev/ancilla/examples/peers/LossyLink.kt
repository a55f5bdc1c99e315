package dev.ancilla.examples.peers

import dev.ancilla.Message
import dev.ancilla.Sockets
import dev.ancilla.UdpSocket
import dev.ancilla.coroutines.receiveOrNull
import dev.ancilla.coroutines.send
import dev.ancilla.examples.tool.Program
import io.kotest.core.test.Enabled
import kotlinx.coroutines.runBlocking
import java.net.InetSocketAddress
import java.nio.file.Files
import java.nio.file.Path
import kotlin.time.Duration.Companion.milliseconds

/** A network of its own, whose link loses, doubles and reorders as `lossy-link.py` says. */
internal object LossyLink {
    private val script = Path.of("src/test/resources/peers/lossy-link.py").toAbsolutePath()
    private val tun = Path.of("/dev/net/tun")

    /** For the tests that need it: a network namespace, and packets that a program carries. */
    val needed: Enabled by lazy {
        val programs = Program.needed("python3", "unshare", "ip")
        when {
            !programs.isEnabled -> programs
            !Files.isWritable(tun) -> Program.skipped("$tun cannot be written here")
            !canUnshare() -> Program.skipped("network namespaces are not allowed here")
            else -> programs
        }
    }

    /** Runs a function of [LinkMain] in such a network. */
    fun program(function: String): Program {
        val network = listOf("unshare", "--map-root-user", "--net", "python3", "$script")
        return Program(network + Program.javaCommand(LinkMain::class.java.name, function))
    }

    private fun canUnshare() =
        Program(listOf("unshare", "--map-root-user", "--net", "true")).use { it.status() == 0 }
}

/** What runs in that network. */
internal object LinkMain {
    private const val HERE = "10.7.0.1"
    private const val THERE = "10.7.0.2"
    private const val QUESTIONS = 100

    @JvmStatic
    fun main(words: Array<String>) = runBlocking {
        when (words.single()) {
            "stream" -> stream()
            "ask" -> ask()
        }
    }

    private fun bound(): UdpSocket = Sockets.udp().bind(InetSocketAddress(HERE, 0))

    private fun over(socket: UdpSocket) = InetSocketAddress(THERE, socket.localAddress().port)

    /** Sends a thousand numbers, ten at a time for the queue is short, and prints those that come. */
    private suspend fun stream() = bound().use { receiver ->
        bound().use { sender ->
            for (last in 10..1000 step 10) {
                for (n in last - 9..last) sender.send(text(n), over(receiver))
                do {
                    val text = receiver.receiveText()
                    val n = text.substringBefore(' ').toInt()
                    check(text == text(n)) { "this came for $n: $text" }
                    println(n)
                } while (n != last)
            }
        }
    }

    /** The message of a number, which nothing shall cut or mix with another. */
    private fun text(n: Int) = "$n " + "$n".repeat(100)

    /** Asks each question again until its answer comes, and prints how often it asked and was answered. */
    private suspend fun ask() = bound().use { server ->
        server.listen { socket, question ->
            socket.async().send(Message.of("answer to ${question.text()}").to(question.sender()))
        }
        bound().use { client ->
            client.tryConnect(over(server))
            var asked = 0
            for (n in 1..QUESTIONS) {
                do {
                    asked++
                    client.send("$n")
                } while (!isAnswered(client, n))
            }
            println("$QUESTIONS answered, $asked asked")
        }
    }

    /** What comes meanwhile are answers that came late or twice. */
    private suspend fun isAnswered(client: UdpSocket, n: Int): Boolean {
        while (true) {
            val answer = client.receiveOrNull(20.milliseconds)?.use { it.text() } ?: return false
            if (answer == "answer to $n") return true
        }
    }
}
