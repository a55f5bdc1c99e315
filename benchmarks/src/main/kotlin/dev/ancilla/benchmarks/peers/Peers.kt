package dev.ancilla.benchmarks.peers

import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Style

internal fun peerOf(job: Job): Style? = when (job.style) {
    "junixsocket", "junixsocket-nosrc", "junixsocket-selector", "junixsocket-selector-nosrc" -> {
        Junixsocket.of(job)
    }

    "nio", "nio-selector" -> {
        nioOf(job)
    }

    "netty", "netty-batch" -> {
        Netty(job)
    }

    "ktor" -> {
        Ktor(job)
    }

    else -> {
        null
    }
}
