package dev.ancilla.benchmarks.run

import dev.ancilla.Sockets
import dev.ancilla.benchmarks.worker.Job
import java.nio.file.Files
import java.nio.file.Path

/** How a contestant's processes are started. */
internal sealed class Launcher {
    abstract val missing: String?

    abstract fun command(job: Job): List<String>

    /** What benchmarks/run compiled from src/main/c. */
    data object C : Launcher() {
        private val program = Path.of(System.getProperty("benchmarks.c"))

        override val missing: String? get() = if (Files.isExecutable(program)) null else "no C compiler"

        override fun command(job: Job): List<String> = listOf("$program") + job.words()
    }

    /** What benchmarks/run compiled from src/main/bare. */
    data object Bare : Launcher() {
        private val classes = Path.of(System.getProperty("benchmarks.bare"))

        override val missing: String? get() = if (Files.isDirectory(classes)) null else "no JDK 22 or newer"

        override fun command(job: Job): List<String> = java("$classes", "Bare") + job.words()
    }

    /** This library on one of its providers. */
    class Ours(private val provider: String) : Launcher() {
        override val missing: String? by lazy {
            val info = Sockets.providers().find { it.name() == provider }
            if (info == null) "not built" else info.unavailable()
        }

        override fun command(job: Job): List<String> =
            worker("-Dancilla.provider=$provider", "-Dancilla.offload=${job.offload}") + job.words()
    }

    /** Another library on the JVM. */
    data object Peer : Launcher() {
        override val missing: String? get() = null

        override fun command(job: Job): List<String> = worker() + job.words()
    }

    /** Node.js, whose own sockets are UDP's only; for others it has a module, which npm installed. */
    class Node(private val module: String?) : Launcher() {
        private val worker = Path.of(System.getProperty("benchmarks.node"), "worker.js")

        override val missing: String? by lazy {
            val log = worker.resolveSibling("npm.log")
            when {
                !Files.exists(worker) -> "no node and npm"
                module == null -> null
                Files.isDirectory(worker.resolveSibling("node_modules/$module/build")) -> null
                Files.exists(log) -> "npm could not install $module: ${lastOf(log)}"
                else -> "no $module"
            }
        }

        private fun lastOf(log: Path) = Files.readString(log).lines().last { it.isNotBlank() }

        override fun command(job: Job): List<String> = listOf("node", "$worker") + job.words()
    }

    protected fun worker(vararg options: String): List<String> =
        java(System.getProperty("java.class.path"), "dev.ancilla.benchmarks.worker.WorkerKt", *options)

    protected fun java(classPath: String, main: String, vararg options: String): List<String> = buildList {
        add(Path.of(System.getProperty("java.home"), "bin", "java").toString())
        // The same for all, however many processors the machine has and their workload leaves them.
        addAll(listOf("-XX:+UseSerialGC", "-Xmx512m", "-XX:ActiveProcessorCount=2"))
        if (Runtime.version().feature() >= 22) add("--enable-native-access=ALL-UNNAMED")
        addAll(options)
        addAll(listOf("-cp", classPath, main))
    }
}
