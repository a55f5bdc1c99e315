package dev.ancilla.benchmarks.worker

import java.nio.ByteBuffer

/** The first byte of a message: more follow, or this is the last of a round and tells their number. */
internal const val DATA: Byte = 'D'.code.toByte()
internal const val END: Byte = 'E'.code.toByte()

/** The size of the last message of a round, and the smallest of any. */
internal const val END_SIZE = 16

internal fun dataOf(size: Int): ByteArray = ByteArray(size) { 'x'.code.toByte() }.also { it[0] = DATA }

internal fun endOf(count: Long): ByteArray = ByteBuffer.allocate(END_SIZE).put(END).putLong(count).array()

internal fun direct(bytes: ByteArray): ByteBuffer = ByteBuffer.allocateDirect(bytes.size).put(bytes).flip()

/** What a receiver of this job's messages has room for. */
internal val Job.room: Int get() = size.coerceAtLeast(END_SIZE)
