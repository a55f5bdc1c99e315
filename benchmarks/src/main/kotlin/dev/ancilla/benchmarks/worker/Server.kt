package dev.ancilla.benchmarks.worker

/**
 * Serves many sockets, which it has bound when it exists: every message goes back to its sender. Or listens
 * when it exists, and accepts and closes every connection.
 */
internal fun interface Server {
    fun serve()
}

/** The paths of the sockets of a job that has many. */
internal fun Job.paths(): List<String> = List(sockets) { "$self.$it" }
