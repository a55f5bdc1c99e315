package dev.ancilla.examples.tool

import com.github.ajalt.clikt.core.Context
import com.github.ajalt.clikt.core.terminal
import com.github.ajalt.clikt.parameters.options.flag
import com.github.ajalt.clikt.parameters.options.option
import com.github.ajalt.mordant.rendering.TextAlign
import com.github.ajalt.mordant.rendering.Whitespace
import com.github.ajalt.mordant.table.table
import dev.ancilla.examples.bench.Contender
import dev.ancilla.examples.bench.Figure
import dev.ancilla.examples.bench.Measuring
import dev.ancilla.examples.bench.Pace
import dev.ancilla.examples.bench.Reading
import dev.ancilla.examples.bench.Result
import java.util.Locale

/** `bench`: how fast the providers are on this machine, beside a plain JDK. */
internal class Bench : ToolCommand("bench") {
    private val quick by option(
        "--quick",
        help = "Ends within 15 s: one kind of socket a provider, not at full speed",
    ).flag()

    override fun help(context: Context) = "Measures the providers on this machine, beside a plain JDK."

    override suspend fun run() {
        val contenders = if (quick) Contender.few() else Contender.all()
        val pace = if (quick) Pace.Quick(QUICK_MILLIS) else Pace.Thorough
        val results =
            BenchProgress(terminal, Measuring.stepsOf(contenders)).use { progress ->
                Measuring(contenders, pace) { contender, figure ->
                    progress.step("${contender.shown()}: ${figure?.shown() ?: "warming up"}")
                }.measure()
            }
        terminal.println(tableOf(results))
        println(LEGEND)
        if (quick) println(QUICK_LEGEND)
        val lossy = results.filter { result -> result.readings.values.any { it.lost > 0 } }
        for (result in lossy) println("${result.contender.shown()} lost ${lostOf(result)} of what it sent.")
        val failed = results.filter { it.failure != null }
        for (result in failed) warn("bench: ${result.contender.shown()}: ${result.failure}")
        if (failed.isNotEmpty()) throw Ending(Status.FAILED, "bench: not everything could be measured")
    }

    private fun tableOf(results: List<Result>) = table {
        whitespace = Whitespace.PRE_WRAP
        column(0) { align = TextAlign.LEFT }
        align = TextAlign.RIGHT
        header { row("", "messages/s", "batched/s", "trips/s", "trip µs", "fds/s") }
        body {
            for ((contender, readings) in results) {
                row(
                    contender.shown("\n"),
                    readings[Figure.SINGLY].perSecond(),
                    readings[Figure.BATCHES].perSecond(),
                    readings[Figure.ROUND_TRIPS].perSecond(),
                    readings[Figure.ROUND_TRIPS].format { "%.1f".format(Locale.ROOT, it.tripNanos / 1e3) },
                    readings[Figure.DESCRIPTORS].perSecond(),
                )
            }
        }
    }

    private fun Reading?.perSecond() = format { "%,.0f".format(Locale.ROOT, it.perSecond) }

    private fun Reading?.format(shown: (Reading) -> String) = this?.let(shown) ?: "-"

    private fun lostOf(result: Result) =
        "%.0f %%".format(Locale.ROOT, result.readings.values.maxOf { it.lost } * 100)

    private fun Contender.shown(separator: String = ", ") =
        provider + separator + sockets.lowercase().replace('_', '-')

    private fun Figure.shown() = name.lowercase().replace('_', ' ')

    private companion object {
        /** Of the 15 s; the rest is for starting this program, and for a machine that is busy. */
        const val QUICK_MILLIS = 11_500L

        /** Within the width of a terminal. */
        val LEGEND =
            """
            A message has 64 bytes, and goes between two processes. messages/s: one way, with a call
            each; batched/s: with a call for 64; trips/s: there and back, one at a time; trip µs: the
            median of them; fds/s: one way, with a descriptor each. What arrived is counted.
            """.trimIndent()

        val QUICK_LEGEND =
            """
            With --quick it is one kind of socket a provider, and before the JVMs have compiled all of it,
            which slows the providers down more than the plain JDK. Compare without it.
            """.trimIndent()
    }
}
