package dev.ancilla.examples.tool

import dev.ancilla.examples.demo.DemoStream
import io.kotest.core.test.Enabled
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource

/** A real process, and what it wrote so far. */
internal class Program(
    command: List<String>,
    input: ByteArray = ByteArray(0),
    directory: Path? = null,
    environment: Map<String, String> = emptyMap(),
) : AutoCloseable {
    private val process: Process =
        ProcessBuilder(
            command,
        ).directory(directory?.toFile()).apply { environment().putAll(environment) }.start()
    private val outBytes = Collected(process.inputStream)
    private val errBytes = Collected(process.errorStream)

    init {
        process.outputStream.use { runCatching { it.write(input) } }
    }

    val out: String
        get() = outBytes.bytes().decodeToString()

    val err: String
        get() = errBytes.bytes().decodeToString()

    val rawOut: ByteArray
        get() = outBytes.bytes()

    fun isRunning() = process.isAlive

    /** Waits for its end and returns its status. */
    fun status(): Int {
        check(process.waitFor(WAIT, TimeUnit.SECONDS)) { "does not end; it wrote $out$err" }
        outBytes.awaitEnd()
        errBytes.awaitEnd()
        return process.exitValue()
    }

    /** Asks it to end, as kill(1) does. [Process.destroy] would also close what it still has to say. */
    fun terminate() {
        process.toHandle().destroy()
    }

    /** Ends it at once, as kill -9 does. */
    fun kill() {
        process.destroyForcibly().waitFor()
    }

    /** Keeps it from running while [block] does, as kill(1) with SIGSTOP. */
    fun suspended(block: () -> Unit) {
        signal("STOP")
        try {
            block()
        } finally {
            signal("CONT")
        }
    }

    private fun signal(name: String) {
        check(ProcessBuilder("kill", "-$name", "${process.pid()}").start().waitFor() == 0) { "no signal" }
    }

    /** Waits until something is so that this program is to bring about. */
    fun until(what: String, holds: () -> Boolean) {
        val started = TimeSource.Monotonic.markNow()
        while (!holds()) {
            check(process.isAlive && started.elapsedNow() < WAIT.seconds) { "no $what; it wrote: $out$err" }
            Thread.sleep(10)
        }
    }

    override fun close() = kill()

    private class Collected(stream: java.io.InputStream) {
        private val collected = java.io.ByteArrayOutputStream()
        private val reader =
            thread(isDaemon = true) {
                val buffer = ByteArray(4096)
                while (true) {
                    val count = runCatching { stream.read(buffer) }.getOrDefault(-1)
                    if (count < 0) break
                    synchronized(collected) { collected.write(buffer, 0, count) }
                }
            }

        fun bytes(): ByteArray = synchronized(collected) { collected.toByteArray() }

        fun awaitEnd() = reader.join(WAIT * 1000)
    }

    companion object {
        private const val WAIT = 60L

        /** The tool in a JVM of its own, with the classes under test. */
        fun tool(
            vararg args: String,
            input: ByteArray = ByteArray(0),
            environment: Map<String, String> = emptyMap(),
        ) = Program(toolCommand(*args), input, environment = environment)

        fun toolCommand(vararg args: String) = javaCommand("dev.ancilla.examples.tool.MainKt", *args)

        /** Another main class of the examples in a JVM of its own. */
        fun example(mainClass: String, vararg args: String, input: ByteArray = ByteArray(0)) =
            Program(javaCommand("dev.ancilla.examples.$mainClass", *args), input)

        fun javaCommand(
            mainClass: String,
            vararg args: String,
            classPath: List<String> = classPath(),
        ): List<String> = buildList {
            add(Path.of(System.getProperty("java.home"), "bin", "java").toString())
            addAll(listOf("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"))
            if (Runtime.version().feature() >= 22) add("--enable-native-access=ALL-UNNAMED")
            addAll(listOf("-cp", classPath.joinToString(":"), mainClass))
            addAll(args)
        }

        /** Runs the tool to its end. */
        fun run(vararg args: String, input: ByteArray = ByteArray(0)): Ended =
            tool(*args, input = input).use { Ended(it.status(), it.out, it.err) }

        /** As [run], where native-ffm is not on the class path. */
        fun runWithoutFfm(vararg args: String): Ended {
            val others = classPath().filterNot { "native-ffm" in it }
            val command = javaCommand("dev.ancilla.examples.tool.MainKt", *args, classPath = others)
            return Program(command).use { Ended(it.status(), it.out, it.err) }
        }

        /** Whether native-ffm is here: on a class path that has it, and a Java that it knows. */
        val hasFfm: Boolean
            get() =
                Program::class.java.getResource("/dev/ancilla/ffm/FfmProvider.class") != null &&
                    Runtime.version().feature() >= 22

        private fun classPath() = System.getProperty("java.class.path").split(':')

        /** Starts `recv` with [args] and returns when its socket file is there. */
        fun receiving(socket: Path, vararg args: String): Program {
            val program = tool("-v", "recv", "unix:$socket", *args)
            program.until("bound") { "bound unix:$socket" in program.err }
            return program
        }

        /** For a test that needs these programs: it runs where the path has them, else it is skipped. */
        fun needed(vararg names: String): Enabled = names
            .firstOrNull { name -> directories().none { Files.isExecutable(it.resolve(name)) } }
            ?.let { skipped("there is no $it on this machine") }
            ?: Enabled.enabled

        /** As [needed], for a test that needs Unix streams too: a provider that is here has to have them. */
        fun neededWithStreams(vararg names: String): Enabled =
            DemoStream.missing()?.let(::skipped) ?: needed(*names)

        /** Skips a test and says why, also to whom reads the output only. */
        fun skipped(why: String): Enabled {
            println("SKIPPED: $why")
            return Enabled.disabled(why)
        }

        private fun directories() = System.getenv("PATH").split(':').map(Path::of)
    }
}

/** How a program ended. */
internal data class Ended(val status: Int, val out: String, val err: String)
