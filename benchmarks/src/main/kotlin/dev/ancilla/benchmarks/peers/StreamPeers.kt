package dev.ancilla.benchmarks.peers

import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Server
import dev.ancilla.benchmarks.worker.Style

internal fun streamPeerOf(job: Job): Style? = when (job.style) {
    "junixsocket", "junixsocket-selector" -> JunixsocketStream.of(job)
    "nio", "nio-selector" -> nioStreamOf(job)
    "netty" -> NettyStream(job)
    "ktor" -> KtorStream(job)
    else -> null
}

internal fun acceptorOfPeer(job: Job): Server? = when (job.style) {
    "junixsocket", "junixsocket-selector" -> {
        acceptorOf(junixsocketServerAt(job.self), junixsocketSelectorOf(job))
    }

    "nio", "nio-selector" -> {
        acceptorOf(nioServerAt(job.self), nioSelectorOf(job))
    }

    "netty" -> {
        acceptorOfNetty(job)
    }

    "ktor" -> {
        acceptorOfKtor(job)
    }

    else -> {
        null
    }
}
