package dev.ancilla.benchmarks.run

import java.nio.file.Path
import java.time.Instant
import java.time.temporal.ChronoUnit
import kotlin.io.path.createDirectories
import kotlin.io.path.exists
import kotlin.io.path.readLines
import kotlin.io.path.readText
import kotlin.io.path.writeLines

/** A series as it is kept: a file a workload, its first line the circumstances, then a line a round. */
internal data class Results(
    val workload: String,
    val circumstances: Map<String, String>,
    val samples: Map<String, List<Sample>>,
    val failures: Map<String, String>,
) {
    fun write(directory: Path) {
        directory.createDirectories()
        val rounds =
            samples.flatMap { (name, rounds) ->
                rounds.mapIndexed { i, s -> json(mapOf("contestant" to name, "round" to i + 1) + s.fields()) }
            }
        val failed = failures.map { (name, why) -> json(mapOf("contestant" to name, "failed" to why)) }
        fileIn(directory, workload).writeLines(listOf(json(circumstances)) + rounds + failed)
    }

    companion object {
        private fun fileIn(directory: Path, workload: String) = directory.resolve("$workload.jsonl")

        fun of(outcome: Outcome, pace: Pace) = Results(
            outcome.workload.name,
            circumstances(pace),
            outcome.samples.mapKeys { it.key.name },
            outcome.failures.mapKeys { it.key.name },
        )

        fun read(directory: Path, workload: String): Results? {
            val file = fileIn(directory, workload)
            if (!file.exists()) return null
            val lines = file.readLines().map(::parsed)
            val rest = lines.drop(1)
            val (failed, played) = rest.partition { "failed" in it }
            return Results(
                workload,
                lines.first(),
                played.groupBy({ it.getValue("contestant") }, ::sampleOf),
                failed.associate { it.getValue("contestant") to it.getValue("failed") },
            )
        }
    }
}

private fun circumstances(pace: Pace) = mapOf(
    "when" to "${Instant.now().truncatedTo(ChronoUnit.MINUTES)}",
    "processors" to "${Runtime.getRuntime().availableProcessors()} x ${processor()}",
    "kernel" to "${System.getProperty("os.name")} ${System.getProperty("os.version")}",
    "java" to "${Runtime.version()}",
    "queue" to Path.of("/proc/sys/net/unix/max_dgram_qlen").readText().trim(),
    "rounds" to
        "${pace.rounds} of ${pace.roundMillis} ms after ${pace.warmMillis} ms, and as many on their processors",
)

private fun processor() = Path
    .of("/proc/cpuinfo")
    .readLines()
    .firstOrNull { it.startsWith("model name") }
    ?.substringAfter(':')
    ?.trim() ?: System.getProperty("os.arch")

private fun Sample.fields(): Map<String, Any?> = mapOf(
    "count" to count,
    "nanos" to nanos,
    "p50" to p50,
    "p99" to p99,
    "passiveCpu" to passiveCpu,
    "activeCpu" to activeCpu,
    "passiveAllocated" to passiveAllocated,
    "activeAllocated" to activeAllocated,
    "lost" to lost,
).filterValues { it != null }

private fun sampleOf(line: Map<String, String>) = Sample(
    line.getValue("count").toLong(),
    line.getValue("nanos").toLong(),
    line["p50"]?.toLong(),
    line["p99"]?.toLong(),
    line.getValue("passiveCpu").toLong(),
    line.getValue("activeCpu").toLong(),
    line["passiveAllocated"]?.toLong(),
    line["activeAllocated"]?.toLong(),
    line["lost"]?.toLong(),
)

private fun json(fields: Map<String, Any?>): String =
    fields.entries.joinToString(",", "{", "}") { (key, value) ->
        "\"$key\":" + if (value is Number) "$value" else "\"${"$value".replace(UNQUOTABLE, " ")}\""
    }

private val UNQUOTABLE = Regex("[\"\\\\\\p{Cntrl}]")

/** Reads what [json] writes: flat, and without escapes. */
private fun parsed(line: String): Map<String, String> =
    Regex("\"(\\w+)\":(?:\"([^\"]*)\"|(-?\\d+))").findAll(line).associate { field ->
        val (key, text, number) = field.destructured
        key to text.ifEmpty { number }
    }
