package dev.ancilla.benchmarks.worker

import kotlin.system.exitProcess

/** A line to the runner: one write, so that no two threads' mix. */
internal fun say(line: String) {
    System.out.write("$line\n".toByteArray())
    System.out.flush()
}

/** Ends this worker, and with it its contestant's part in the workload. */
internal fun fail(what: String): Nothing {
    say("failed $what")
    exitProcess(1)
}

/** The runner's next line; without a runner there is nothing to do. */
internal fun heard(): String = readlnOrNull() ?: exitProcess(0)
