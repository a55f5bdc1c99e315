package dev.ancilla.benchmarks.run

import java.nio.file.Path
import kotlin.io.path.writeText

/** Writes RESULTS.md and its picture, of what is kept in the folder of results. */
internal fun report(root: Path) {
    val results =
        workloads.mapNotNull { workload ->
            Results.read(root.resolve("results"), workload.name)?.let { workload to it }
        }
    root.resolve("results/ratios.svg").writeText(chartOf(results))
    root.resolve("RESULTS.md").writeText(pageOf(results))
}

private fun pageOf(results: List<kotlin.Pair<Workload, Results>>) = buildString {
    appendLine("# Results")
    appendLine()
    appendLine(
        "Written by `benchmarks/run --report` from the files in `results/`. [README.md](README.md) says what",
    )
    appendLine("was done, who the contestants are and how to read this.")
    appendLine()
    appendLine("![Ratios to the best C variant](results/ratios.svg)")
    for ((workload, result) in results) {
        appendLine("\n## ${workload.title} (`${workload.name}`)\n")
        appendLine(tableOf(workload, standings(result.samples, workload::score)))
        noteOnC(result)?.let { appendLine("\n$it") }
        for ((contestant, why) in result.failures) appendLine("\n`$contestant` took no part: $why")
        appendLine("\n${result.circumstances.entries.joinToString(", ") { "${it.key} ${it.value}" }}.")
    }
}

/** What batches are worth in C tells in which of its states the machine was. */
internal fun noteOnC(result: Results): String? {
    val workload = workloads.first { it.name == result.workload }
    if (workload.kind != Kind.ONE_WAY || workload.udp || workload.stream) return null
    val batches = result.samples["c-mmsg"] ?: return null
    val blocking = result.samples["c-block"] ?: return null
    val ratio = batches.zip(blocking) { many, one -> many.rate / one.rate }.median()
    val usual = if (ratio in 1.15..1.35) "" else ", outside the usual 1.15 to 1.35: read the ratios with care"
    return "C's mmsg is %.2f × its blocking calls$usual.".format(ratio)
}
