@file:JvmName("RawMain")

package dev.ancilla.junix

import kotlin.concurrent.thread
import kotlin.system.exitProcess

/** Runs every raw row in turn and prints it and what came of it. */
fun main() {
    for (row in RAW_ROWS) {
        var verdict = "hangs"
        thread(isDaemon = true) {
            verdict = runCatching { row.verdict() }.getOrElse { it.stackTraceToString() }
        }.join(30_000)
        val told = verdict.lines().take(6).joinToString(" ")
        println("ROW ${row.id} ${row.habit}: $told")
    }
    exitProcess(0) // Some rows leave a thread that hangs.
}

/**
 * A row that counts descriptors is spoiled when the garbage collector closes those of an earlier row meanwhile.
 * A habit that is really gone shows in no attempt.
 */
private fun RawRow.verdict(): String = if ((1..ATTEMPTS).any { isThere() }) "there" else "gone"

private const val ATTEMPTS = 5
