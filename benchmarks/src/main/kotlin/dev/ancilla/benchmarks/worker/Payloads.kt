package dev.ancilla.benchmarks.worker

import java.nio.ByteBuffer

/** The first byte of a message: more follow, or this is the last of a round and tells their number. */
internal const val DATA: Byte = 'D'.code.toByte()
internal const val END: Byte = 'E'.code.toByte()

internal fun dataOf(size: Int): ByteArray = ByteArray(size) { 'x'.code.toByte() }.also { it[0] = DATA }

internal fun endOf(count: Long): ByteArray = ByteBuffer.allocate(16).put(END).putLong(count).array()
