package dev.ancilla.benchmarks.worker

import java.net.InetSocketAddress

/**
 * Whether the sockets of the two processes are connected. As a [STREAM] they are: the passive side listens
 * and accepts the active one.
 */
internal enum class Mode { UNCONNECTED, CONNECTED, MUTUAL, STREAM }

/** What a worker is to do in a workload; the active side of a pair is the one that begins. */
internal enum class Role(val active: Boolean) {
    RECEIVE(false),
    SEND(true),
    ECHO(false),
    PING(true),
    SERVE_MANY(false),
    PING_MANY(true),
    ACCEPT(false),
    CONNECT(true),
    START(true),
    ;

    val word: String get() = name.lowercase().replace('_', '-')
}

/** The addresses of a job are paths, or HOST:PORT of UDP. */
internal val String.isUdp: Boolean get() = !startsWith("/")

internal fun inetAddressOf(name: String): InetSocketAddress =
    InetSocketAddress(name.substringBefore(':'), name.substringAfter(':').toInt())

/**
 * What those of UDP ask for to receive into: then a receiver that is not on its processor for a moment loses
 * nothing.
 */
internal const val RECEIVE_BUFFER = 4 shl 20

/** What the runner asked a worker for, as words of its command line; C and Node.js read the same words. */
internal data class Job(
    val role: Role,
    val style: String,
    val mode: Mode,
    val size: Int,
    val fds: Boolean,
    val self: String,
    val peer: String,
    val sockets: Int = 1,
    val active: Int = 1,
    /** Whether messages go through the kernel joined, where the style can. */
    val offload: Boolean = false,
) {
    val udp: Boolean get() = self.isUdp
    val stream: Boolean get() = mode == Mode.STREAM

    /** Whether this side's socket is connected to the other's. */
    val connects: Boolean get() = mode == Mode.MUTUAL || stream || (mode == Mode.CONNECTED && role.active)

    fun words(): List<String> = listOf(
        role.word,
        style,
        mode.name.lowercase(),
        "$size",
        if (fds) {
            "fds"
        } else if (offload) {
            "offload"
        } else {
            "plain"
        },
        self,
        peer,
        "$sockets",
        "$active",
    )

    companion object {
        fun of(words: Array<String>) = Job(
            Role.entries.first { it.word == words[0] },
            words[1],
            Mode.valueOf(words[2].uppercase()),
            words[3].toInt(),
            words[4] == "fds",
            words[5],
            words[6],
            words[7].toInt(),
            words[8].toInt(),
            words[4] == "offload",
        )
    }
}
