package dev.ancilla.examples.bench

import java.nio.file.Files
import java.nio.file.Path
import kotlin.concurrent.thread

/** Measures contenders one after the other; [onStep] is told each figure before it is measured. */
internal class Measuring(
    private val contenders: List<Contender>,
    private val pace: Pace,
    private val onStep: (Contender, Figure) -> Unit,
) {
    private val directory = Files.createTempDirectory("ancilla-bench")
    private var figuresLeft = contenders.sumOf { it.figures.size }
    private var couplesLeft = contenders.size

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
        val left = figuresLeft - contender.figures.size
        couplesLeft--
        val failure =
            try {
                Couple(contender, pace.jvmOptions, directoryOf(contender)).use { couple ->
                    playing = couple
                    for (figure in contender.figures) readings[figure] = measure(couple, contender, figure)
                }
                null
            } catch (e: IllegalStateException) {
                // What a signal ends has not failed; and nothing is to be started after it.
                if (ending) Thread.currentThread().join()
                e.message
            }
        figuresLeft = left
        return Result(contender, readings, failure)
    }

    /** Socket files are left where processes are killed; and paths of sockets must be short. */
    private fun directoryOf(contender: Contender): Path =
        Files.createDirectory(directory.resolve("${contenders.indexOf(contender)}"))

    private fun measure(couple: Couple, contender: Contender, figure: Figure): Reading {
        onStep(contender, figure)
        val runs = pace.next(figuresLeft--, couplesLeft)
        couple.run(figure, runs.warmMillis)
        return List(runs.count) { couple.run(figure, runs.millis) }.sortedBy { it.perSecond }[runs.count / 2]
    }
}

/** What was measured of a contender, as far as it came. */
internal data class Result(val contender: Contender, val readings: Map<Figure, Reading>, val failure: String?)
