package dev.ancilla.benchmarks.run

import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Role
import java.nio.file.Path
import kotlin.io.path.deleteIfExists

/** The two processes of a contestant. They stand still but for their rounds. */
internal class Pair(
    private val workload: Workload,
    passive: Contestant,
    active: Contestant,
    directory: Path,
) : AutoCloseable {
    private val passiveSocket = directory.resolve("${passive.name}-${active.name}.r")
    private val activeSocket = directory.resolve("${passive.name}-${active.name}.s")
    private val errors = directory.resolve("errors")
    private val passive =
        start(passive, workload.kind.passive, passiveSocket, activeSocket, workload.passiveCpus)
    private val active = start(active, workload.kind.active, activeSocket, passiveSocket, workload.activeCpus)
    private val both = listOf(this.passive, this.active)

    init {
        orClose {
            both.forEach { it.hear("bound") }
            both.forEach { it.tell("connect") }
            both.forEach { it.hear("ready") }
        }
    }

    private fun start(contestant: Contestant, role: Role, self: Path, peer: Path, cpus: String?): Worker {
        val job =
            Job(
                role,
                contestant.style,
                workload.mode,
                workload.size,
                workload.fds,
                "$self",
                "$peer",
                workload.sockets,
                workload.active,
            )
        return Worker(contestant.command(job), cpus, errors)
    }

    /** Plays for some time and says what came of it. */
    fun play(millis: Long): Sample {
        val before = both.map { it.cpu() }
        active.tell("go $millis")
        val done = numbers(active.hear("done", millis + 10_000))
        val got = if (workload.kind.passive == Role.RECEIVE) numbers(passive.hear("got")) else done
        val cpu = both.map { it.cpu() }.zip(before) { after, start -> after - start }
        val count = done.getValue("count")
        if (got["count"] != count || got.getOrDefault("sent", count) != count) {
            throw Failed("lost messages: $done sent and $got received")
        }
        if (count == 0L) throw Failed("nothing sent")
        return Sample(
            count = count,
            nanos = done.getValue("nanos"),
            p50 = done["p50"],
            p99 = done["p99"],
            passiveCpu = cpu[0],
            activeCpu = cpu[1],
            passiveAllocated = got["allocated"].takeIf { got !== done },
            activeAllocated = done["allocated"],
        )
    }

    private fun numbers(line: String): Map<String, Long> =
        line.split(' ').associate { it.substringBefore('=') to it.substringAfter('=').toLong() }

    fun stop() = Worker.signal("STOP", both)

    fun go() = Worker.signal("CONT", both)

    private inline fun orClose(block: () -> Unit) {
        try {
            block()
        } catch (failure: Throwable) {
            close()
            throw failure
        }
    }

    override fun close() {
        both.forEach { it.close() }
        listOf(passiveSocket, activeSocket).forEach { it.deleteIfExists() }
    }
}

/** What came of one round. */
internal data class Sample(
    val count: Long,
    val nanos: Long,
    val p50: Long?,
    val p99: Long?,
    val passiveCpu: Long,
    val activeCpu: Long,
    val passiveAllocated: Long?,
    val activeAllocated: Long?,
) {
    val rate: Double get() = count * 1e9 / nanos
}
