package dev.ancilla.examples.bench

import java.io.BufferedReader
import java.io.IOException
import java.nio.file.Path
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread

/** A worker, as the process that measures sees it. */
internal class WorkerProcess(contender: Contender) : AutoCloseable {
    private val process: Process = ProcessBuilder(command(contender)).start()
    private val said = LinkedBlockingQueue<String>()

    @Volatile
    private var exception: String? = null

    init {
        val errors =
            thread(isDaemon = true) {
                process.errorReader().forEachUntilClosed { if (it.startsWith("Exception")) exception = it }
            }
        thread(isDaemon = true) {
            process.inputReader().forEachUntilClosed(said::add)
            errors.join()
            said += exception ?: "a process ended"
        }
    }

    private fun BufferedReader.forEachUntilClosed(take: (String) -> Unit) {
        try {
            forEachLine(take)
        } catch (_: IOException) {
            // Closed by close().
        }
    }

    fun tell(line: String) {
        try {
            process.outputWriter().apply { write("$line\n") }.flush()
        } catch (_: IOException) {
            // What it said last tells why it does not listen.
        }
    }

    /** The rest of its next line, which begins with [word]. Else that line is a failure, commonly its own. */
    fun hear(word: String): String {
        val line =
            said.poll(PATIENCE, TimeUnit.SECONDS) ?: error("a process has said nothing for $PATIENCE s")
        return if (line.startsWith(word)) line.removePrefix(word).trim() else error(line)
    }

    override fun close() {
        process.destroyForcibly()
    }

    private fun command(contender: Contender): List<String> = buildList {
        add(Path.of(System.getProperty("java.home"), "bin", "java").toString())
        addAll(listOf("-XX:+UseSerialGC", "-Xshare:auto"))
        // The jar's manifest allows it, which counts only with -jar. 17 does not know the option.
        if (Runtime.version().feature() >= 22) add("--enable-native-access=ALL-UNNAMED")
        addAll(listOf("-cp", System.getProperty("java.class.path")))
        add("dev.ancilla.examples.bench.WorkerKt")
        addAll(listOf(contender.provider, contender.sockets))
    }

    private companion object {
        const val PATIENCE = 20L
    }
}
