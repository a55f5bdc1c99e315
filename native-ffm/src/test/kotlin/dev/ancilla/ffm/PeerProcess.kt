package dev.ancilla.ffm

import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import java.io.File
import java.nio.file.Path
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread

/** A second JVM that runs [PeerMain], and is killed when it is closed. */
internal class PeerProcess private constructor(
    private val process: Process,
    private val errors: File,
) : AutoCloseable {
    private val lines = LinkedBlockingQueue<String>()
    private val reader =
        thread(isDaemon = true) { process.inputStream.bufferedReader().forEachLine(lines::add) }

    /** The next line it prints. */
    fun line(): String = lines.poll(60, TimeUnit.SECONDS) ?: error("it says nothing: ${errors.readText()}")

    override fun close() {
        process.destroyForcibly().waitFor()
        reader.join()
        runCatching { process.outputStream.close() }
        process.inputStream.close()
        errors.delete()
    }

    companion object {
        fun start(vararg words: String, prefix: List<String> = emptyList()): PeerProcess {
            val command =
                prefix + javaCommand() + "--enable-native-access=ALL-UNNAMED" +
                    listOf("-cp", classPath(), PeerMain::class.java.name) + words
            val errors = File.createTempFile("peer", ".log")
            return PeerProcess(ProcessBuilder(command).redirectError(errors).start(), errors)
        }
    }
}

/** What the second processes do. */
internal object PeerMain {
    @JvmStatic
    fun main(words: Array<String>) {
        when (val task = words[0]) {
            "mailbox" -> mailbox(Path.of(words[1]))
            "say" -> say(UnixAddress.parse(words[1]), words.drop(2))
            "inherit" -> Inheriting.inherit()
            "refuse" -> Inheriting.refuse()
            "serve" -> Inheriting.serve()
            "exec" -> Becoming.exec(Path.of(words[1]), Path.of(words[2]), words[3])
            else -> error("no such task: $task")
        }
    }

    /** Prints what comes, until it is killed. */
    private fun mailbox(path: Path) {
        Sockets.unixDgram().bind(UnixAddress.path(path)).use { socket ->
            println("ready")
            while (true) println("got ${socket.blocking().receive().use { it.text() }}")
        }
    }

    private fun say(target: UnixAddress, words: List<String>) {
        unnamed().use { socket -> words.forEach { socket.send(it, target) } }
        println("said")
    }
}
