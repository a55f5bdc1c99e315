package dev.ancilla.benchmarks.peers

import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Style

internal fun peerOf(job: Job): Style? = when (job.style) {
    "junixsocket", "junixsocket-nosrc" -> Junixsocket(job)
    "junixsocket-selector", "junixsocket-selector-nosrc" -> JunixsocketSelector(job)
    "netty" -> Netty(job)
    else -> null
}
