package dev.ancilla.examples.demo

import kotlinx.coroutines.future.await
import java.nio.file.Path

/** The demo's server as a process of its own, with this one's Java, classes and standard output. */
internal class ServerProcess(meeting: Path) {
    private val process: Process = ProcessBuilder(command(meeting)).inheritIO().start()

    val pid: Long
        get() = process.pid()

    /** Suspends until it ends, and returns its status. */
    suspend fun end(): Int = process.onExit().await().exitValue()

    fun kill() {
        process.destroyForcibly()
    }

    private fun command(meeting: Path): List<String> = buildList {
        add(Path.of(System.getProperty("java.home"), "bin", "java").toString())
        addAll(listOf("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"))
        // The jar's manifest allows it, which counts only with -jar. 17 does not know the option.
        if (Runtime.version().feature() >= 22) add("--enable-native-access=ALL-UNNAMED")
        System.getProperty("ancilla.provider")?.let { add("-Dancilla.provider=$it") }
        addAll(listOf("-cp", System.getProperty("java.class.path")))
        add("dev.ancilla.examples.demo.DemoServerKt")
        add(meeting.toString())
    }
}
