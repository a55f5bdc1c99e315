package dev.ancilla.benchmarks.run

import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Role
import java.net.DatagramSocket
import java.net.InetAddress
import java.nio.file.Path
import kotlin.io.path.deleteIfExists

/** The two processes of a contestant. They stand still but for their rounds. */
internal class Pair(
    private val workload: Workload,
    passive: Contestant,
    active: Contestant,
    directory: Path,
) : AutoCloseable {
    private val names =
        if (workload.udp) {
            freePorts(2).map { "127.0.0.1:$it" }
        } else {
            listOf("r", "s").map { "${directory.resolve("${passive.name}-${active.name}.$it")}" }
        }
    private val errors = directory.resolve("errors")
    private val passive =
        start(passive, workload.kind.passive, names[0], names[1], workload.passiveCpus)
    private val active = start(active, workload.kind.active, names[1], names[0], workload.activeCpus)
    private val both = listOf(this.passive, this.active)

    init {
        orClose {
            both.forEach { it.hear("bound") }
            both.forEach { it.tell("connect") }
            both.forEach { it.hear("ready") }
        }
    }

    private fun start(contestant: Contestant, role: Role, self: String, peer: String, cpus: String?): Worker {
        val job =
            Job(
                role,
                contestant.style,
                workload.mode,
                workload.size,
                workload.fds,
                self,
                peer,
                workload.sockets,
                workload.active,
                workload.offload,
            )
        return Worker(contestant.command(job), cpus, errors)
    }

    /** Plays for some time and says what came of it. */
    fun play(millis: Long): Sample {
        passive.forget()
        val before = both.map { it.cpu() }
        val started = System.nanoTime()
        active.tell("go $millis")
        val done = numbers(active.hear("done", millis + 10_000))
        val got =
            when {
                workload.kind.passive != Role.RECEIVE -> done
                workload.lossy -> heardAtLast()
                else -> numbers(passive.hear("got"))
            }
        val elapsed = System.nanoTime() - started
        val cpu = both.map { it.cpu() }.zip(before) { after, start -> after - start }
        val sent = done.getValue("count")
        val count = got.getValue("count")
        if (!workload.lossy && (count != sent || got.getOrDefault("sent", sent) != sent)) {
            throw Failed("lost messages: $done sent and $got received")
        }
        if (count == 0L) throw Failed("nothing sent")
        return Sample(
            count = count,
            // What waits in the receiver's buffer when the sender ends is received later.
            nanos = if (workload.lossy) elapsed else done.getValue("nanos"),
            p50 = done["p50"],
            p99 = done["p99"],
            passiveCpu = cpu[0],
            activeCpu = cpu[1],
            passiveAllocated = got["allocated"].takeIf { got !== done },
            activeAllocated = done["allocated"],
            lost = if (workload.lossy) sent - count else null,
        )
    }

    /** The end of a round may be lost too: then a round of no messages brings another. */
    private fun heardAtLast(): Map<String, Long> {
        repeat(LAST_TRIES) {
            val got = passive.hearWithin("got", 5)?.let(::numbers)
            if (got != null && got.getValue("count") > 0) return got
            if (got == null) {
                active.tell("go 0")
                active.hear("done")
            }
        }
        throw Failed("the end of a round was lost $LAST_TRIES times")
    }

    private fun numbers(line: String): Map<String, Long> =
        line.split(' ').associate { it.substringBefore('=') to it.substringAfter('=').toLong() }

    /** From now on each keeps to the processors of the workload. */
    fun pin() = both.forEach { it.pin() }

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
        if (!workload.udp) names.forEach { Path.of(it).deleteIfExists() }
    }
}

private const val LAST_TRIES = 400

/** Ports that nobody has at this moment. */
private fun freePorts(count: Int): List<Int> {
    val sockets = List(count) { DatagramSocket(0, InetAddress.getLoopbackAddress()) }
    return sockets.map { it.localPort }.also { sockets.forEach(DatagramSocket::close) }
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
    /** What was sent and did not arrive, where nothing holds a sender up. */
    val lost: Long? = null,
) {
    val rate: Double get() = count * 1e9 / nanos
}
