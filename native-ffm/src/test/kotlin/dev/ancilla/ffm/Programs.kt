package dev.ancilla.ffm

import io.kotest.assertions.withClue
import io.kotest.core.test.Enabled
import java.io.File
import java.nio.file.Path
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread
import kotlin.io.path.createDirectories
import kotlin.io.path.listDirectoryEntries

/** What a program printed, and how it ended. */
internal class Finished(val code: Int, val output: String) {
    val lines get() = output.lines()
}

internal fun withOutput(run: Finished, block: () -> Unit) =
    withClue("exit ${run.code}, printed:\n${run.output}", block)

/** Runs a program to its end; one that does not end is killed and fails the test. */
internal fun run(command: List<String>): Finished {
    val process = ProcessBuilder(command).redirectErrorStream(true).start()
    process.outputStream.close()
    val output = StringBuilder()
    val reader =
        thread(isDaemon = true) { process.inputStream.bufferedReader().use { output.append(it.readText()) } }
    if (!process.waitFor(90, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor()
        reader.join(5_000)
        error("${command.last()} did not end; it printed: $output")
    }
    reader.join(5_000)
    return Finished(process.exitValue(), output.toString())
}

/** Runs the main function of a file of these tests in a JVM of its own. */
internal fun runMain(
    mainClass: String,
    arguments: List<String> = emptyList(),
    prefix: List<String> = emptyList(),
    options: List<String> = listOf("--enable-native-access=ALL-UNNAMED"),
    classPath: String = classPath(),
): Finished = run(prefix + javaCommand() + options + listOf("-cp", classPath, mainClass) + arguments)

/** Another user may not be able to read our build: copies what a child needs for the socket calls. */
internal fun readableClassPath(directory: Path): String {
    val copies = directory.resolve("class-path").createDirectories()
    val needed = Regex("kotlin-stdlib-.*|ancilla-.*|(test-)?classes")
    val entries = classPath().split(":").map { File(it) }.filter { it.exists() && needed.matches(it.name) }
    for ((i, entry) in entries.withIndex()) {
        entry.copyRecursively(copies.resolve("$i-${entry.name}").toFile(), overwrite = true)
    }
    for (opened in listOf(directory, copies)) {
        opened.toFile().setExecutable(true, false)
        opened.toFile().setReadable(true, false)
    }
    return copies.listDirectoryEntries().joinToString(":")
}

/** Its compiler threads would open control-group files now and then, beside descriptors that are counted. */
internal fun javaCommand(): List<String> = listOf(
    File(System.getProperty("java.home"), "bin/java").path,
    "-Xshare:auto",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UseContainerSupport",
)

/** Surefire starts with a jar that only points to the class path, and keeps the real one here. */
internal fun classPath(): String =
    System.getProperty("surefire.test.class.path") ?: System.getProperty("java.class.path")

/** A test that needs a program runs where the program does what it is to do; elsewhere it says why not. */
internal fun needs(vararg probe: String): (Any?) -> Enabled {
    val failure = runCatching { run(probe.toList()) }
    val missing = failure.fold({ if (it.code == 0) null else it.output.trim() }, { "$it" })
    missing?.let { println("a test that needs ${probe[0]} is skipped: $it") }
    return { _ -> missing?.let { Enabled.disabled("no ${probe[0]}: $it") } ?: Enabled.enabled }
}
