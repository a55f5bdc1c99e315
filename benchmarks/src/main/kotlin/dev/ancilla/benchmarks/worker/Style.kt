package dev.ancilla.benchmarks.worker

/** One way to use sockets. It has bound one when it exists, or listens where a stream is to be accepted. */
internal interface Style {
    /** Connects it to the other side, or accepts that. */
    fun connect()

    /** Receives for ever and gives every message to [tally]. */
    fun receive(tally: Tally)

    /** Sends data as long as [round] wants it, and then the round's end. */
    fun send(round: Round)

    /** Sends every message back, for ever. */
    fun echo()

    /** Sends a message and receives the answer, as long as [trips] wants it. */
    fun ping(trips: Trips)
}
