package dev.ancilla.junix

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

/** Runs a program to its end; one that does not end is killed and fails the test. */
internal fun run(command: List<String>, environment: Map<String, String> = emptyMap()): Finished {
    val builder = ProcessBuilder(command).redirectErrorStream(true)
    builder.environment().putAll(environment)
    val process = builder.start()
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
    environment: Map<String, String> = emptyMap(),
    options: List<String> = emptyList(),
    readable: Path? = null,
): Finished = run(
    prefix + javaCommand() + options +
        listOf("-cp", readable?.let { readableClassPath(it) } ?: classPath(), mainClass) + arguments,
    environment,
)

/** Another user may not be able to read our build: copies what a child needs for the socket calls. */
private fun readableClassPath(directory: Path): String {
    val copies = directory.resolve("class-path").createDirectories()
    val needed = Regex("kotlin-stdlib-.*|junixsocket-.*|ancilla-.*|(test-)?classes")
    val entries = classPath().split(":").map { File(it) }.filter { it.exists() && needed.matches(it.name) }
    for ((i, entry) in entries.withIndex()) {
        entry.copyRecursively(copies.resolve("$i-${entry.name}").toFile(), overwrite = true)
    }
    makeReadable(directory)
    return copies.listDirectoryEntries().joinToString(":")
}

/** Lets everybody enter and read a directory, but not what is in a directory that was closed. */
internal fun makeReadable(directory: Path) {
    directory.toFile().setExecutable(true, false)
    directory.toFile().setReadable(true, false)
}

/** Its compiler threads would open control-group files now and then, beside descriptors that are counted. */
internal fun javaCommand(): List<String> = listOf(
    File(System.getProperty("java.home"), "bin/java").path,
    "-Xshare:auto",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UseContainerSupport",
) + nativeAccess("ALL-UNNAMED")

/** Since 22 the JVM asks who may call native code. */
internal fun nativeAccess(modules: String): List<String> =
    if (Runtime.version().feature() >= 22) listOf("--enable-native-access=$modules") else emptyList()

/** Surefire starts with a jar that only points to the class path, and keeps the real one here. */
internal fun classPath(): String =
    System.getProperty("surefire.test.class.path") ?: System.getProperty("java.class.path")
