package dev.ancilla.examples.bench

import java.nio.file.Path

/** The two processes of a contender. */
internal class Couple(
    private val contender: Contender,
    private val directory: Path,
) : AutoCloseable {
    private val giver = WorkerProcess(contender)
    private val taker = WorkerProcess(contender)

    /** Plays for some time, on new sockets: nothing is left of the run before. */
    fun run(figure: Figure, millis: Long): Reading {
        taker.tell("open $figure ${directory.resolve("taker")}")
        giver.tell("open $figure ${directory.resolve("giver")}")
        val there = taker.hear("at")
        giver.hear("at")
        giver.tell("connect $there")
        giver.hear("ready")

        taker.tell("take")
        giver.tell("give $millis")
        val given = runOf(giver.hear("done"))
        val taken = runOf(taker.hear("done"))
        check(taken.count > 0) { "${given.count} messages were sent and none arrived" }
        check(given.count == taken.count || contender.losesMessages) {
            "${given.count} messages were sent and ${taken.count} arrived"
        }
        return Reading(
            taken.count * 1e9 / given.nanos,
            1.0 - taken.count.toDouble() / given.count,
            given.tripNanos,
        )
    }

    private fun runOf(numbers: String): Run {
        val (count, nanos, tripNanos) = numbers.split(' ').map { it.toLong() }
        return Run(count, nanos, tripNanos)
    }

    override fun close() {
        giver.close()
        taker.close()
    }
}

/** What came of a run: how many a second arrived, which share did not, and the median round trip. */
internal data class Reading(val perSecond: Double, val lost: Double, val tripNanos: Long)
