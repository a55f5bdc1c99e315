package dev.ancilla.benchmarks.worker

import dev.ancilla.benchmarks.ours.acceptorOfOurs
import dev.ancilla.benchmarks.ours.firstMessage
import dev.ancilla.benchmarks.ours.ourStreamOf
import dev.ancilla.benchmarks.ours.oursOf
import dev.ancilla.benchmarks.ours.serverOfOurs
import dev.ancilla.benchmarks.peers.acceptorOfPeer
import dev.ancilla.benchmarks.peers.firstMessageOfJunixsocket
import dev.ancilla.benchmarks.peers.peerOf
import dev.ancilla.benchmarks.peers.serverOfJunixsocket
import dev.ancilla.benchmarks.peers.serverOfNetty
import dev.ancilla.benchmarks.peers.streamPeerOf

/** One of the two processes of a contestant. */
fun main(args: Array<String>) {
    try {
        val job = Job.of(args)
        when (job.role) {
            Role.START -> start(job)
            Role.SERVE_MANY -> serve(serverOf(job))
            Role.ACCEPT -> serve(acceptorOf(job))
            else -> work(job)
        }
    } catch (failure: Throwable) {
        failure.printStackTrace()
        fail(failure.toString())
    }
}

private fun work(job: Job) {
    val style = styleOf(job)
    say("bound")
    check(heard() == "connect")
    if (job.connects) style.connect()
    say("ready")
    when (job.role) {
        Role.RECEIVE -> {
            style.receive(Tally(job.fds))
        }

        Role.ECHO -> {
            style.echo()
        }

        Role.SEND -> {
            rounds { millis -> sent(style, millis) }
        }

        Role.PING -> {
            IntArray(1 shl 20).let { room ->
                rounds { millis -> pinged(style, Trips(room, millis)) }
            }
        }

        else -> {
            error("no ${job.role}")
        }
    }
    // Styles that are called back have returned.
    Thread.currentThread().join()
}

private fun styleOf(job: Job): Style = if (job.stream) {
    streamPeerOf(job) ?: ourStreamOf(job)
} else {
    peerOf(job) ?: oursOf(job)
}

private fun start(job: Job) {
    if (job.style.startsWith("junixsocket")) firstMessageOfJunixsocket(job) else firstMessage(job)
    say("done count=1 nanos=0")
}

private fun serverOf(job: Job): Server = when {
    job.style == "netty" -> serverOfNetty(job)
    job.style.startsWith("junixsocket") -> serverOfJunixsocket(job)
    else -> serverOfOurs(job)
}

private fun acceptorOf(job: Job): Server = acceptorOfPeer(job) ?: acceptorOfOurs(job)

private fun serve(server: Server) {
    say("bound")
    say("ready")
    server.serve()
    Thread.currentThread().join()
}

private fun rounds(play: (Long) -> String) {
    val allocated = Allocated()
    while (true) {
        val millis = heard().removePrefix("go ").toLong()
        allocated.since()
        val line = play(millis)
        say("$line allocated=${allocated.since()}")
    }
}

private fun sent(style: Style, millis: Long): String {
    val round = Round(millis)
    style.send(round)
    return "done count=${round.count} nanos=${round.elapsed()}"
}

private fun pinged(style: Style, trips: Trips): String {
    style.ping(trips)
    val nanos = trips.elapsed()
    return "done count=${trips.count} nanos=$nanos p50=${trips.percentile(50)} p99=${trips.percentile(99)}"
}
