package dev.ancilla.benchmarks.run

import java.nio.file.Path
import kotlin.random.Random

/** How long things take. */
internal data class Pace(val rounds: Int, val roundMillis: Long, val warmMillis: Long)

/** One workload played by all its contestants: interleaved rounds in shuffled order, in one series. */
internal class Series(
    private val workload: Workload,
    private val contestants: List<Contestant>,
    private val pace: Pace,
    private val directory: Path,
    private val progress: Progress,
) {
    private val samples = LinkedHashMap<Contestant, MutableList<Sample>>()
    private val failures = LinkedHashMap<Contestant, String>()
    private val warmRoundMillis = pace.warmMillis / WARM_ROUNDS

    fun play(): Outcome = if (workload.kind == Kind.START) start() else interleaved()

    /** Every round is a new process. */
    private fun start(): Outcome {
        val playing = contestants.filter { it.plays(workload) }
        playing.forEach { contestant -> contestant.missing?.let { failures[contestant] = "not here: $it" } }
        // The first brings the files into memory.
        for (round in 0..pace.rounds) {
            for (contestant in playing.filter { it !in failures }.shuffled()) {
                progress.show("${workload.name}: round $round of ${pace.rounds}, ${contestant.name}")
                tried(contestant) {
                    val sample = startOnce(workload, contestant, directory)
                    if (round > 0) samples.getOrPut(contestant) { mutableListOf() } += sample
                }
            }
        }
        progress.clear()
        return Outcome(workload, samples, failures)
    }

    private fun interleaved(): Outcome {
        val pairs = LinkedHashMap<Contestant, Pair>()
        try {
            val playing = contestants.filter { it.plays(workload) }
            for ((i, contestant) in playing.withIndex()) {
                contestant.missing?.let { failures[contestant] = "not here: $it" }
                if (contestant in failures) continue
                progress.show("${workload.name}: warming ${contestant.name} (${i + 1} of ${playing.size})")
                tried(contestant) { pairs[contestant] = warmed(contestant) }
            }
            for (round in 1..pace.rounds) {
                for ((contestant, pair) in pairs.entries.shuffled(Random.Default)) {
                    if (contestant in failures) continue
                    val last =
                        samples[contestant]
                            ?.lastOrNull()
                            ?.let {
                                ", %,.0f/s before".format(
                                    it.rate,
                                )
                            }.orEmpty()
                    progress.show("${workload.name}: round $round of ${pace.rounds}, ${contestant.name}$last")
                    tried(contestant) {
                        pair.go()
                        samples.getOrPut(contestant) { mutableListOf() } += pair.play(pace.roundMillis)
                    }
                    pair.stop()
                }
            }
        } finally {
            pairs.values.forEach { it.close() }
            progress.clear()
        }
        return Outcome(workload, samples.filterKeys { it !in failures }, failures)
    }

    private fun warmed(contestant: Contestant): Pair {
        val passive = if (workload.kind == Kind.SEND) other("c-mmsg") else contestant
        val active =
            when (workload.kind) {
                Kind.RECEIVE -> other("c-mmsg")
                Kind.MANY, Kind.ACCEPT -> other("c-epoll")
                else -> contestant
            }
        val pair = Pair(workload, passive, active, directory)
        try {
            if (!contestant.isC) warm(pair)
            pair.pin()
            // On fewer processors other code runs: it waits more. Compiled beside a round, it would count.
            repeat(WARM_ROUNDS) { pair.play(if (contestant.isC) AS_PINNED_MILLIS else warmRoundMillis) }
            pair.stop()
            return pair
        } catch (failure: Failed) {
            pair.close()
            throw failure
        }
    }

    /** Plays until it gets no faster. Several rounds, so that what happens between them is warm too. */
    private fun warm(pair: Pair) {
        var best = 0.0
        var standing = 0
        repeat(WARM_ROUNDS_AT_MOST) {
            val score = workload.score(pair.play(warmRoundMillis))
            standing = if (score > best * FASTER) 1 else standing + 1
            best = maxOf(best, score)
            if (standing == WARM_ROUNDS) return
        }
    }

    private fun other(name: String) = dev.ancilla.benchmarks.run.contestants.first { it.name == name }

    private fun tried(contestant: Contestant, block: () -> Unit) {
        try {
            block()
        } catch (failure: Failed) {
            failures[contestant] = failure.message.orEmpty()
            progress.tell("${workload.name}: ${contestant.name} failed: ${failure.message}")
        }
    }
}

private const val WARM_ROUNDS = 4
private const val WARM_ROUNDS_AT_MOST = 16
private const val FASTER = 1.05
private const val AS_PINNED_MILLIS = 25L

/** What came of a series: the rounds of those who played it to its end, and why others did not. */
internal data class Outcome(
    val workload: Workload,
    val samples: Map<Contestant, List<Sample>>,
    val failures: Map<Contestant, String>,
)
