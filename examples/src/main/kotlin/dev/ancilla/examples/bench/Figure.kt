package dev.ancilla.examples.bench

/** What is measured of a contender. */
internal enum class Figure {
    /** Messages in one direction, each with a call of its own. */
    SINGLY,

    /** Messages in one direction, many with a call. */
    BATCHES,

    /** A message there and one back, again and again. */
    ROUND_TRIPS,

    /** Descriptors in one direction, one a message. */
    DESCRIPTORS,
}

/** What an end has to say of a run: how much, how long, and how long one round trip commonly took. */
internal data class Run(val count: Long, val nanos: Long = 0, val tripNanos: Long = 0)

/** The first byte of a message: more follow, or it is the last of a run. */
internal const val DATA: Byte = 'D'.code.toByte()
internal const val LAST: Byte = 'L'.code.toByte()

internal const val MESSAGE_SIZE = 64

internal fun dataMessage() = ByteArray(MESSAGE_SIZE) { DATA }

internal fun lastMessage() = ByteArray(MESSAGE_SIZE) { LAST }

/**
 * UDP may lose the last message as any other: so it is sent a few times, each after the others have had
 * this time to be taken.
 */
internal const val LAST_TIMES_UDP = 3
internal const val LAST_PAUSE_MILLIS = 20L
