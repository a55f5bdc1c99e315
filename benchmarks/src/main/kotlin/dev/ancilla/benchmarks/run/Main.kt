package dev.ancilla.benchmarks.run

import com.github.ajalt.clikt.core.CliktCommand
import com.github.ajalt.clikt.core.Context
import com.github.ajalt.clikt.core.UsageError
import com.github.ajalt.clikt.core.main
import com.github.ajalt.clikt.parameters.options.flag
import com.github.ajalt.clikt.parameters.options.option
import com.github.ajalt.clikt.parameters.options.split
import com.github.ajalt.clikt.parameters.types.int
import java.nio.file.Path
import kotlin.io.path.ExperimentalPathApi
import kotlin.io.path.createTempDirectory
import kotlin.io.path.deleteRecursively
import kotlin.io.path.readText

/** `benchmarks/run`. */
fun main(args: Array<String>) = Run().main(args)

private class Run : CliktCommand("run") {
    private val quick by option("--quick", help = "Fewer and shorter rounds, to see where things are").flag()
    private val list by option("--list", help = "Lists workloads and contestants, and runs nothing").flag()
    private val chosenWorkloads by option(
        "-w",
        "--workloads",
        help = "Which, such as 'oneway-64*,fds'",
    ).split(",")
    private val chosenContestants by option(
        "-c",
        "--contestants",
        help = "Which, such as 'c-*,ffm-batch'",
    ).split(",")
    private val save by option(
        "--save",
        help = "Keeps the results in benchmarks/results and writes RESULTS.md anew",
    ).flag()
    private val onlyReport by option(
        "--report",
        help = "Writes RESULTS.md of what is kept; runs nothing",
    ).flag()
    private val rounds by option("--rounds", help = "How many rounds count").int()

    private val root = Path.of(System.getProperty("benchmarks.root"))

    override fun help(context: Context) = "Measures whole processes against C and against peers."

    override fun run() {
        val pace = if (quick) Pace(5, 250, 1200) else Pace(7, 375, 3000)
        val workloads = workloads.filter { it.name.isIn(chosenWorkloads) }
        val contestants = contestants.filter { it.isC || it.name.isIn(chosenContestants) }
        if (workloads.isEmpty()) throw UsageError("no workload is named ${chosenWorkloads?.joinToString()}")
        if (list) return list(workloads, contestants)
        if (onlyReport) return report(root)
        for (workload in workloads) {
            measure(workload, contestants, rounds?.let { pace.copy(rounds = it) } ?: pace)
            if (save) report(root)
        }
    }

    @OptIn(ExperimentalPathApi::class)
    private fun measure(workload: Workload, contestants: List<Contestant>, pace: Pace) {
        val directory = createTempDirectory("bench")
        val progress = Progress()
        try {
            val outcome = Series(workload, contestants, pace, directory, progress).play()
            val results = Results.of(outcome, pace)
            results.write(root.resolve(if (save) "results" else "target/results"))
            println("\n## ${workload.title} (${workload.name})\n")
            println(tableOf(workload, standings(results.samples, workload::score)))
            noteOnC(results)?.let { println("\n$it") }
            for ((contestant, why) in outcome.failures) println("\n${contestant.name}: $why")
            if (outcome.failures.values.any { !it.startsWith("not here") }) {
                System.err.print(directory.resolve("errors").readText().take(4000))
            }
        } finally {
            directory.deleteRecursively()
        }
    }

    private fun list(workloads: List<Workload>, contestants: List<Contestant>) {
        println("Workloads:")
        for (workload in workloads) println("  ${workload.name.padEnd(24)} ${workload.title}")
        println("Contestants:")
        for (contestant in contestants) {
            println(
                "  ${contestant.name.padEnd(24)} ${contestant.missing?.let { "not here: $it" }.orEmpty()}",
            )
        }
    }

    /** Without patterns all are meant. */
    private fun String.isIn(patterns: List<String>?): Boolean = patterns == null ||
        patterns.any { pattern ->
            Regex(pattern.split('*').joinToString(".*") { Regex.escape(it) }).matches(this)
        }
}
