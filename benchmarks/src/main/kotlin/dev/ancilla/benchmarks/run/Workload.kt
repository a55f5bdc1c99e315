package dev.ancilla.benchmarks.run

import dev.ancilla.benchmarks.worker.Mode
import dev.ancilla.benchmarks.worker.Role

/** Who plays against whom. */
internal enum class Kind(val passive: Role, val active: Role) {
    /** The contestant at both ends. */
    ONE_WAY(Role.RECEIVE, Role.SEND),

    /** The contestant receives what C sends. */
    RECEIVE(Role.RECEIVE, Role.SEND),

    /** The contestant sends what C receives. */
    SEND(Role.RECEIVE, Role.SEND),

    /** The contestant at both ends, one message at a time. */
    ROUND_TRIP(Role.ECHO, Role.PING),

    /** The contestant answers C on some of many sockets; what counts is its processor time. */
    MANY(Role.SERVE_MANY, Role.PING_MANY),

    /** The contestant accepts C's connections and closes them. */
    ACCEPT(Role.ACCEPT, Role.CONNECT),

    /** A new process that sends itself one message. */
    START(Role.START, Role.START),
}

/** One question that is asked of every contestant. */
internal data class Workload(
    val name: String,
    val title: String,
    val kind: Kind,
    val mode: Mode = Mode.CONNECTED,
    val size: Int = 64,
    val fds: Boolean = false,
    /** The processors of the passive and of the active side, as taskset(1) takes them. */
    val passiveCpus: String? = null,
    val activeCpus: String? = null,
    val sockets: Int = 1,
    val active: Int = 1,
    val udp: Boolean = false,
    /** Whether messages go through the kernel joined, who can. */
    val offload: Boolean = false,
) {
    val stream: Boolean get() = mode == Mode.STREAM

    /** What counts is bytes. */
    val bulk: Boolean get() = stream && kind == Kind.ONE_WAY && !fds

    /** Nothing holds a sender up: what counts is what arrives. */
    val lossy: Boolean get() = udp && kind.passive == Role.RECEIVE

    /** Spinning on the processor that the other side needs is no contestant. */
    val oneCore: Boolean get() = passiveCpus != null && passiveCpus == activeCpus

    /** What is more the better a round was. */
    fun score(sample: Sample): Double =
        if (kind == Kind.MANY) sample.count.toDouble() / sample.passiveCpu else sample.rate
}

internal val workloads: List<Workload> =
    buildList {
        for ((size, label) in listOf(64 to "64", 1024 to "1k", 16384 to "16k")) {
            for (mode in listOf(Mode.CONNECTED, Mode.UNCONNECTED, Mode.MUTUAL)) {
                val suffix = if (mode == Mode.CONNECTED) "" else "-${mode.name.lowercase()}"
                val how =
                    when (mode) {
                        Mode.CONNECTED -> "the sender connected"
                        Mode.UNCONNECTED -> "unconnected"
                        Mode.MUTUAL -> "connected to each other"
                        Mode.STREAM -> error("a stream has no messages")
                    }
                add(Workload("oneway-$label$suffix", "One way, $size bytes, $how", Kind.ONE_WAY, mode, size))
            }
        }
        add(Workload("receive-64", "Receiving 64 bytes from C", Kind.RECEIVE))
        add(Workload("send-64", "Sending 64 bytes to C", Kind.SEND))
        add(roundTrip("roundtrip-1core", "Round trips, both on one processor", "0", "0"))
        add(roundTrip("roundtrip-2core", "Round trips, a processor each", "0", "1"))
        add(udp("oneway-64", "One way, 64 bytes, a packet each", Kind.ONE_WAY))
        add(udp("receive-64", "Receiving 64 bytes from C, a packet each", Kind.RECEIVE))
        add(udp("send-64", "Sending 64 bytes to C, a packet each", Kind.SEND))
        add(udp("oneway-64-offload", "One way, 64 bytes, joined", Kind.ONE_WAY).copy(offload = true))
        add(udp("oneway-1k-offload", "One way, 1024 bytes, joined", Kind.ONE_WAY, 1024).copy(offload = true))
        add(
            roundTrip(
                "udp-roundtrip-1core",
                "UDP: Round trips, both on one processor",
                "0",
                "0",
            ).copy(udp = true),
        )
        for (sockets in listOf(1, 100, 1000)) add(many(sockets))
        add(Workload("start", "From the start of a process to its first message", Kind.START, size = 16))
        add(Workload("fds", "Messages with a descriptor each, 64 bytes", Kind.ONE_WAY, fds = true))
        add(
            stream("roundtrip-1core", "Round trips, both on one processor", Kind.ROUND_TRIP)
                .copy(passiveCpus = "0", activeCpus = "0"),
        )
        add(stream("bulk", "One way, in pieces of 64 KiB", Kind.ONE_WAY, 65_536))
        add(stream("fds", "Messages with a descriptor each, 64 bytes", Kind.ONE_WAY).copy(fds = true))
        add(
            stream("accepts", "Connections of C accepted and closed, both on one processor", Kind.ACCEPT)
                .copy(passiveCpus = "0", activeCpus = "0"),
        )
    }

private fun roundTrip(name: String, title: String, passive: String, active: String) =
    Workload(name, title, Kind.ROUND_TRIP, Mode.MUTUAL, passiveCpus = passive, activeCpus = active)

/** Each side has a processor: a sender that shares its receiver's keeps it from receiving. */
private fun udp(name: String, title: String, kind: Kind, size: Int = 64) =
    Workload("udp-$name", "UDP: $title", kind, size = size, passiveCpus = "0", activeCpus = "1", udp = true)

private fun stream(name: String, title: String, kind: Kind, size: Int = 64) =
    Workload("stream-$name", "Stream: $title", kind, Mode.STREAM, size)

private fun many(sockets: Int) = Workload(
    "sockets-$sockets",
    "Round trips with C, $sockets sockets open and ${minOf(sockets, 4)} active: processor time of the server",
    Kind.MANY,
    Mode.UNCONNECTED,
    passiveCpus = "0",
    activeCpus = "0",
    sockets = sockets,
    active = minOf(sockets, 4),
)
