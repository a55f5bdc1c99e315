package dev.ancilla.testkit

import java.io.File
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread

/** A second process: a JVM with this one's class path that runs [ChildMain], and talks in lines. */
internal class Child private constructor(
    private val process: Process,
    private val errors: File,
) : AutoCloseable {
    private val lines = LinkedBlockingQueue<String>()
    private val reader =
        thread(isDaemon = true, name = "child-output") {
            process.inputStream.bufferedReader().forEachLine(lines::add)
        }

    val pid: Long get() = process.pid()

    val isAlive: Boolean get() = process.isAlive

    /** The next line it says. */
    fun line(): String = lines.poll(PATIENCE_MILLIS * 2, TimeUnit.MILLISECONDS)
        ?: throw AssertionError("the child says nothing: ${errors.readText()}")

    fun say(line: String) {
        process.outputStream.write("$line\n".toByteArray())
        process.outputStream.flush()
    }

    /** Waits for its end, and returns its exit status. */
    fun exit(): Int {
        if (!process.waitFor(
                PATIENCE_MILLIS,
                TimeUnit.MILLISECONDS,
            )
        ) {
            throw AssertionError("the child does not exit")
        }
        return process.exitValue()
    }

    override fun close() {
        process.destroyForcibly().waitFor()
        reader.join()
        runCatching { process.outputStream.close() }
        process.inputStream.close()
        errors.delete()
    }

    companion object {
        /** Starts one that runs [words] with the [options] of a JVM, itself started by the command [before]. */
        fun start(
            vararg words: String,
            before: List<String> = emptyList(),
            options: List<String> = emptyList(),
        ): Child {
            val java = File(System.getProperty("java.home"), "bin/java").path
            // Compiler threads would open control-group files now and then, beside descriptors that are counted.
            val jvm = listOf(java, "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:-UseContainerSupport")
            val command =
                before + jvm + options +
                    listOf("-cp", System.getProperty("java.class.path"), ChildMain::class.java.name) + words
            val errors = File.createTempFile("ancilla-child", ".log")
            // Warnings about native access are not for the build's log.
            return Child(ProcessBuilder(command).redirectError(errors).start(), errors)
        }
    }
}
