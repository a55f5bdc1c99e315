package dev.ancilla.examples.tool

import io.kotest.assertions.nondeterministic.eventually
import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.collections.shouldNotBeEmpty
import io.kotest.matchers.comparables.shouldBeLessThan
import io.kotest.matchers.ints.shouldBeGreaterThan
import io.kotest.matchers.shouldBe
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.createDirectory
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.name
import kotlin.time.Duration.Companion.seconds
import kotlin.time.measureTimedValue

class BenchTest : FunSpec({
    // Short: the paths of sockets are to be in it.
    val directory = Files.createTempDirectory("bench")
    afterSpec { directory.toFile().deleteRecursively() }

    /** Its files are in a directory of its own, and so are those of the processes that it starts. */
    fun benching(name: String, command: List<String>): Pair<Program, Path> {
        val files = directory.resolve(name).createDirectory()
        return Program(command, environment = mapOf("JAVA_TOOL_OPTIONS" to "-Djava.io.tmpdir=$files")) to
            files
    }

    fun workersOf(files: Path): List<String> = Path
        .of("/proc")
        .listDirectoryEntries("[0-9]*")
        .filter { process ->
            val words = runCatching { Files.readString(process.resolve("cmdline")) }.getOrDefault("")
            val variables = runCatching { Files.readString(process.resolve("environ")) }.getOrDefault("")
            "bench.WorkerKt" in words && "$files" in variables
        }.map { it.name }

    /** Each line of the table with the one below it: who was measured takes two. */
    fun rows(out: String) = out.lines().filter { it.startsWith("│") }.zipWithNext()

    test("within 15 s it measures each provider and the plain JDK, and shows how far it is") {
        val (program, files) = benching("quick", Program.toolCommand("bench", "--quick"))
        val (status, time) = measureTimedValue { program.use { it.status() } }
        withClue("it wrote:\n${program.out}${program.err}") {
            status shouldBe 0
            time shouldBeLessThan 15.seconds
            for ((who, sockets) in listOf(
                "native-junix" to "unix-dgram",
                "jdk" to "udp",
                "plain JDK" to "unix-stream",
                "plain JDK" to "udp",
            )) {
                val row =
                    rows(program.out)
                        .single { (line, below) ->
                            who in line && "│ $sockets " in below
                        }.first
                val perSecond = row.split('│')[2].trim().replace(",", "").toInt()
                perSecond shouldBeGreaterThan 1000
            }
            val steps = Regex("ancilla: (\\d+) of (\\d+): ").findAll(program.err).toList()
            steps.map { it.groupValues[1].toInt() } shouldBe (1..steps.size).toList()
            steps.map { it.groupValues[2].toInt() }.toSet() shouldBe setOf(steps.size)
        }
        files.listDirectoryEntries().shouldBeEmpty()
    }

    test("somebody who watches sees a bar, and a signal leaves neither processes nor files").config(
        enabledOrReasonIf = { Program.needed("script") },
    ) {
        val command = Program.toolCommand("bench").joinToString(" ") { "'$it'" }
        val (program, files) =
            benching(
                "bar",
                listOf("script", "--quiet", "--command", "stty cols 100; exec $command", "/dev/null"),
            )
        program.use {
            it.until("bar") { Regex("\\d%.*, unix-dgram: round trips").containsMatchIn(it.out) }
            workersOf(files).shouldNotBeEmpty()
            it.terminate()
            it.status()
        }
        eventually(30.seconds) {
            workersOf(files).shouldBeEmpty()
            files.listDirectoryEntries().shouldBeEmpty()
        }
    }
})
