package dev.ancilla.examples.bench

import java.nio.file.Files
import java.nio.file.Path
import kotlin.concurrent.thread

/** Measures contenders one after the other; [onStep] is told what comes next: a figure, or none to warm them all. */
internal class Measuring(
    private val contenders: List<Contender>,
    private val pace: Pace,
    private val onStep: (Contender, Figure?) -> Unit,
) {
    private val directory = Files.createTempDirectory("ancilla-bench")

    @Volatile
    private var playing: Couple? = null

    @Volatile
    private var ending = false

    fun measure(): List<Result> {
        val cleaning =
            thread(start = false) {
                ending = true
                playing?.close()
                directory.toFile().deleteRecursively()
            }
        // However this process ends, nothing stays.
        Runtime.getRuntime().addShutdownHook(cleaning)
        return contenders.map(::measure)
    }

    private fun measure(contender: Contender): Result {
        val readings = LinkedHashMap<Figure, Reading>()
        val failure =
            try {
                Couple(contender, directoryOf(contender)).use { couple ->
                    playing = couple
                    val runs = pace.next(contenders.dropWhile { it != contender })
                    onStep(contender, null)
                    for (figure in contender.figures) couple.run(figure, runs.warmMillis)
                    for (figure in contender.figures) {
                        onStep(contender, figure)
                        readings[figure] = couple.median(figure, runs)
                    }
                }
                null
            } catch (e: IllegalStateException) {
                // What a signal ends has not failed; and nothing is to be started after it.
                if (ending) Thread.currentThread().join()
                e.message
            }
        return Result(contender, readings, failure)
    }

    /** Socket files are left where processes are killed; and paths of sockets must be short. */
    private fun directoryOf(contender: Contender): Path =
        Files.createDirectory(directory.resolve("${contenders.indexOf(contender)}"))

    private fun Couple.median(figure: Figure, runs: Runs): Reading =
        List(runs.count) { run(figure, runs.millis) }.sortedBy { it.perSecond }[runs.count / 2]

    companion object {
        /** How many steps it takes. */
        fun stepsOf(contenders: List<Contender>): Int = contenders.sumOf { it.figures.size + 1 }
    }
}

/** What was measured of a contender, as far as it came. */
internal data class Result(val contender: Contender, val readings: Map<Figure, Reading>, val failure: String?)
