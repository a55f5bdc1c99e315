package dev.ancilla.benchmarks.run

import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Mode

/** Somebody who takes part. */
internal class Contestant(
    val name: String,
    val style: String,
    private val launcher: Launcher,
    private val plays: (Workload) -> Boolean = { true },
) {
    val isC: Boolean get() = launcher is Launcher.C

    /** Only where it makes sense; who is silently absent from a table was not meant for it. */
    fun plays(workload: Workload): Boolean = plays.invoke(workload)

    /** Why it cannot take part on this machine. */
    val missing: String? get() = launcher.missing

    fun command(job: Job): List<String> = launcher.command(job)
}

private val Workload.roundTrips get() = kind == Kind.ROUND_TRIP

/** Where batches are worth something. */
private val Workload.oneWay get() = kind in setOf(Kind.ONE_WAY, Kind.RECEIVE, Kind.SEND)

private fun Workload.among(vararg kinds: Kind) = oneWay || roundTrips || kind in kinds

private val cContestants =
    listOf(
        Contestant("c-epoll", "epoll", Launcher.C) { it.among(Kind.MANY) },
        Contestant("c-block", "block", Launcher.C) { it.among(Kind.START) },
        Contestant("c-poll", "poll", Launcher.C) { it.among() },
        Contestant("c-mmsg", "mmsg", Launcher.C) { it.oneWay },
        Contestant("c-mmsg-block", "mmsg-block", Launcher.C) { it.oneWay },
        Contestant("c-spin", "spin", Launcher.C) { it.roundTrips && !it.oneCore },
    )

private fun oursOn(provider: String): List<Contestant> {
    val launcher = Launcher.Ours("native-$provider")

    fun of(style: String, plays: (Workload) -> Boolean = { true }) =
        Contestant("$provider-$style", style, launcher, plays)
    return listOf(
        of("blocking"),
        of("suspend"),
        of("default") { it.among(Kind.MANY) },
        of("async") { it.among() },
        // What differs from others in one direction only.
        of("flow") { it.among() && it.kind != Kind.SEND },
        of("listener") { it.among(Kind.MANY) && it.kind != Kind.SEND },
        of("batch") { it.oneWay },
        of("batch-blocking") { it.oneWay },
        of("batch-default") { it.oneWay },
        of("list") { it.oneWay },
        of("blocking-spin") { it.roundTrips && !it.oneCore },
        of("suspend-spin") { it.roundTrips && !it.oneCore },
    )
}

private val peers =
    listOf(
        Contestant("junixsocket", "junixsocket", Launcher.Peer),
        Contestant("junixsocket-nosrc", "junixsocket-nosrc", Launcher.Peer) { it.knowsSender },
        Contestant("junixsocket-selector", "junixsocket-selector", Launcher.Peer) { it.among(Kind.MANY) },
        Contestant(
            "junixsocket-selector-nosrc",
            "junixsocket-selector-nosrc",
            Launcher.Peer,
        ) { it.knowsSender },
        // Its descriptors travel alone, in a mode of their own.
        Contestant("netty", "netty", Launcher.Peer) { it.among(Kind.MANY) && !it.fds },
        Contestant("node", "node", Launcher.Node) { !it.fds && it.mode.isSendable(it) },
    )

/** Who need not be told where to answer. */
private val Workload.knowsSender get() = oneWay || (roundTrips && mode == Mode.MUTUAL)

/** Its sends without a connection fail when there is no room, and nothing tells when there is. */
private fun Mode.isSendable(workload: Workload) =
    this != Mode.UNCONNECTED || workload.kind == Kind.MANY || workload.kind == Kind.START

internal val contestants: List<Contestant> =
    buildList {
        addAll(cContestants)
        addAll(oursOn("ffm"))
        addAll(oursOn("junix"))
        addAll(peers)
    }
