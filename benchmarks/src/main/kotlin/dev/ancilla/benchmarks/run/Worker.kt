package dev.ancilla.benchmarks.run

import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread

/** A process of a contestant, and the words exchanged with it. */
internal class Worker(command: List<String>, private val cpus: String?, errors: Path) : AutoCloseable {
    private val process: Process
    private val lines = LinkedBlockingQueue<String>()

    init {
        process =
            ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(errors.toFile())).start()
        running += this
        thread(isDaemon = true) {
            try {
                process.inputReader().forEachLine(lines::add)
            } catch (_: IOException) {
                // It was ended from here.
            }
            lines.add("failed ended")
        }
    }

    val pid: Long get() = process.pid()

    /**
     * Leaves it the processors of its workload, if those are given. Not from its start: a compiler that
     * shares one processor with two busy processes has hardly begun when the rounds begin.
     */
    fun pin() {
        if (cpus == null) return
        val taskset = listOf("taskset", "-a", "-p", "-c", cpus, "$pid")
        val pinning = ProcessBuilder(taskset).redirectErrorStream(true).start()
        val said = pinning.inputReader().readText()
        if (pinning.waitFor() != 0) throw Failed("taskset: $said")
    }

    fun tell(line: String) {
        try {
            process.outputWriter().apply { write("$line\n") }.flush()
        } catch (_: IOException) {
            // Its last words say why it does not listen.
        }
    }

    /** The rest of its next line, which begins with [word]. */
    fun hear(word: String, millis: Long = 20_000): String =
        hearWithin(word, millis) ?: throw Failed("no $word in $millis ms")

    /** As [hear], or null if it says nothing in that time. */
    fun hearWithin(word: String, millis: Long): String? {
        val line = lines.poll(millis, TimeUnit.MILLISECONDS) ?: return null
        if (line.startsWith("failed ")) throw Failed(line.removePrefix("failed "))
        if (!line.startsWith(word)) throw Failed("said $line and not $word")
        return line.removePrefix(word).trim()
    }

    /** What it has said and nobody heard. */
    fun forget() = lines.removeIf { !it.startsWith("failed") }

    /** The processor time of all its threads so far, in nanoseconds. */
    fun cpu(): Long = try {
        cpuOfThreads()
    } catch (_: IOException) {
        0 // It has ended.
    }

    private fun cpuOfThreads() = Files.list(Path.of("/proc/$pid/task")).use { threads ->
        threads.toList().sumOf { thread ->
            runCatching {
                Files
                    .readString(
                        thread.resolve("schedstat"),
                    ).substringBefore(' ')
                    .toLong()
            }.getOrDefault(0)
        }
    }

    override fun close() {
        running -= this
        process.destroyForcibly().waitFor()
    }

    companion object {
        private val running = java.util.concurrent.ConcurrentHashMap.newKeySet<Worker>()

        init {
            Runtime.getRuntime().addShutdownHook(thread(start = false) { running.forEach { it.close() } })
        }

        /** Sends a signal to them, as kill(1) does. */
        fun signal(name: String, workers: List<Worker>) {
            ProcessBuilder(listOf("kill", "-$name") + workers.map { "${it.pid}" }).start().waitFor()
        }
    }
}

/** A contestant failed: it broke, hung, or lost messages. */
internal class Failed(reason: String) : Exception(reason)
