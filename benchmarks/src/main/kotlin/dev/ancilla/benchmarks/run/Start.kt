package dev.ancilla.benchmarks.run

import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Role
import java.nio.file.Path
import kotlin.io.path.deleteIfExists

/** Starts a process and waits until it has received its first message, from itself. */
internal fun startOnce(workload: Workload, contestant: Contestant, directory: Path): Sample {
    val socket = directory.resolve("${contestant.name}.start")
    val job =
        Job(Role.START, contestant.style, workload.mode, workload.size, workload.fds, "$socket", "$socket")
    val started = System.nanoTime()
    val worker = Worker(contestant.command(job), null, directory.resolve("errors"))
    try {
        worker.hear("done")
        val nanos = System.nanoTime() - started
        return Sample(1, nanos, nanos, null, worker.cpu(), 0, null, null)
    } finally {
        worker.close()
        socket.deleteIfExists()
    }
}
