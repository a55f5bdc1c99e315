package dev.ancilla.benchmarks.run

/** What the rounds of a contestant come to. */
internal data class Standing(
    val contestant: String,
    val rate: Double,
    /** The median of its rounds' ratios to the same rounds of the best C variant. */
    val ratio: Double?,
    /** Half the distance between the quarter points of its rounds' rates, of their median. */
    val spread: Double,
    val p50: Double?,
    val p99: Double?,
    /** Processor time of both ends a message, in µs. */
    val cpu: Double,
    val passiveCpu: Double,
    val passiveAllocated: Double?,
    val activeAllocated: Double?,
    /** The part of what was sent that did not arrive. */
    val lost: Double? = null,
)

/** @param score what is more the better a round was */
internal fun standings(
    samples: Map<String, List<Sample>>,
    score: (Sample) -> Double = { it.rate },
): List<Standing> {
    val best =
        samples.filterKeys { it.startsWith("c-") }.maxByOrNull { (_, rounds) -> rounds.map(score).median() }
    return samples
        .map { (name, rounds) ->
            Standing(
                name,
                rounds.map { it.rate }.median(),
                best?.value?.let { c -> rounds.zip(c) { mine, its -> score(mine) / score(its) }.median() },
                rounds.map { it.rate }.spread(),
                rounds.mapNotNull { it.p50 }.medianOrNull()?.div(1e3),
                rounds.mapNotNull { it.p99 }.medianOrNull()?.div(1e3),
                rounds.map { (it.passiveCpu + it.activeCpu) / 1e3 / it.count }.median(),
                rounds.map { it.passiveCpu / 1e3 / it.count }.median(),
                rounds.mapNotNull { s -> s.passiveAllocated?.let { it.toDouble() / s.count } }.medianOrNull(),
                rounds.mapNotNull { s -> s.activeAllocated?.let { it.toDouble() / s.count } }.medianOrNull(),
                rounds.mapNotNull { s -> s.lost?.let { it.toDouble() / (s.count + it) } }.medianOrNull(),
            )
        }.sortedByDescending { it.ratio ?: it.rate }
}

internal fun List<Number>.median(): Double {
    val sorted = map { it.toDouble() }.sorted()
    val middle = sorted.size / 2
    return if (sorted.size % 2 == 1) sorted[middle] else (sorted[middle - 1] + sorted[middle]) / 2
}

private fun List<Double>.spread(): Double =
    sorted().let { (it[it.size * 3 / 4] - it[it.size / 4]) / 2 / median() }

private fun List<Number>.medianOrNull(): Double? = if (isEmpty()) null else median()
