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

/** Where each side has a processor to spin on. */
private val Workload.spins get() = roundTrips && !oneCore

/** Where batches are worth something. */
private val Workload.oneWay get() = !stream && kind in setOf(Kind.ONE_WAY, Kind.RECEIVE, Kind.SEND)

private fun Workload.among(vararg kinds: Kind) =
    !stream && !offload && (oneWay || roundTrips || kind in kinds)

/** Streams, but for those who pass no descriptors over them. */
private val Workload.plainStream get() = stream && !fds

private val cContestants =
    listOf(
        Contestant("c-epoll", "epoll", Launcher.C) { it.stream || it.among(Kind.MANY) },
        Contestant("c-block", "block", Launcher.C) { it.stream || it.among(Kind.START) },
        Contestant("c-poll", "poll", Launcher.C) { it.stream || it.among() },
        Contestant("c-mmsg", "mmsg", Launcher.C) { it.oneWay || (it.stream && it.fds) },
        Contestant("c-mmsg-block", "mmsg-block", Launcher.C) { it.oneWay || (it.stream && it.fds) },
        Contestant("c-spin", "spin", Launcher.C) { it.spins },
    )

/** Where a message needs no name of its target, and is not joined with others. */
private val Workload.plain get() = !fds && !offload && mode != Mode.UNCONNECTED

private val bare =
    listOf("block", "poll", "epoll").map { style ->
        Contestant("bare-$style", style, Launcher.Bare) { it.plain && it.roundTrips }
    } + Contestant("bare-mmsg", "mmsg", Launcher.Bare) { it.plain && it.oneWay }

private fun oursOn(provider: String): List<Contestant> {
    val launcher = Launcher.Ours("native-$provider")

    fun of(style: String, plays: (Workload) -> Boolean = { !it.offload }) =
        Contestant("$provider-$style", style, launcher) { plays(it) && (provider == "ffm" || !it.udp) }
    return listOf(
        of("blocking"),
        of("suspend"),
        of("default") { it.stream || it.among(Kind.MANY) },
        of("async") { it.stream || it.among() },
        // What differs from others in one direction only.
        of("flow") { it.among() && it.kind != Kind.SEND },
        of("listener") { (it.stream || it.among(Kind.MANY)) && it.kind != Kind.SEND },
        of("batch") { it.oneWay },
        of("batch-blocking") { it.oneWay },
        of("batch-default") { it.oneWay },
        of("list") { it.oneWay },
        of("blocking-spin") { it.spins && provider == "ffm" },
        of("suspend-spin") { it.spins && provider == "ffm" },
    )
}

/** This library over the JDK's channels, which are of UDP. */
private val oursOnTheJdk =
    listOf("blocking", "suspend", "batch").map { style ->
        Contestant("jdk-$style", style, Launcher.Ours("jdk")) {
            it.udp && (if (style == "batch") it.oneWay && !it.offload else it.among())
        }
    }

private fun peer(name: String, plays: (Workload) -> Boolean) = Contestant(name, name, Launcher.Peer, plays)

private val peers =
    listOf(
        peer("junixsocket") { !it.udp },
        peer("junixsocket-nosrc") { !it.udp && it.knowsSender },
        peer("junixsocket-selector") { !it.udp && (it.stream || it.among(Kind.MANY)) },
        peer("junixsocket-selector-nosrc") { !it.udp && it.knowsSender },
        peer("nio") { it.plainStream || (it.udp && it.among()) },
        peer("nio-selector") { it.plainStream || (it.udp && it.among()) },
        // Its descriptors travel alone, in a mode of their own, and break when there is no room.
        peer("netty") { it.plainStream || (it.among(Kind.MANY) && !it.fds) },
        peer("netty-batch") { it.udp && it.oneWay },
        peer("ktor") { it.plainStream || (it.udp && it.among()) },
        Contestant(
            "node",
            "node",
            Launcher.Node("unix-dgram"),
        ) { !it.udp && !it.stream && !it.fds && it.mode.isSendable(it) },
        Contestant("node-dgram", "node", Launcher.Node(null)) { it.udp && it.among() },
        Contestant("node-net", "net", Launcher.Node(null)) { it.plainStream },
        // It frees what libuv still closes, and with it ends the process, when many connections are closed.
        Contestant("usocket", "usocket", Launcher.Node("usocket")) { it.stream && it.kind != Kind.ACCEPT },
    )

/** Who need not be told where to answer. */
private val Workload.knowsSender get() = oneWay || (roundTrips && mode == Mode.MUTUAL)

/** Its sends without a connection fail when there is no room, and nothing tells when there is. */
private fun Mode.isSendable(workload: Workload) =
    this != Mode.UNCONNECTED || workload.kind == Kind.MANY || workload.kind == Kind.START

internal val contestants: List<Contestant> =
    buildList {
        addAll(cContestants)
        addAll(bare)
        addAll(oursOn("ffm"))
        addAll(oursOn("junix"))
        addAll(oursOnTheJdk)
        addAll(peers)
    }
