package dev.ancilla.examples.bench

import java.nio.file.Path
import java.util.concurrent.LinkedBlockingQueue
import kotlin.concurrent.thread

/**
 * One of the two processes of a contender. It does what it hears on standard input, and says what came of
 * it on standard output:
 *
 * | hears | says |
 * |---|---|
 * | `open FIGURE PATH` | `at ADDRESS` |
 * | `connect ADDRESS` | `ready` |
 * | `take` | `done COUNT 0 0`, after the last message |
 * | `give MILLISECONDS` | `done COUNT NANOSECONDS MEDIAN` |
 */
fun main(args: Array<String>) {
    val (provider, sockets) = args
    val heard = LinkedBlockingQueue<String>()
    thread(isDaemon = true) {
        generateSequence(::readlnOrNull).forEach(heard::add)
        // Whoever asked is gone, also if the other end keeps this one busy.
        Runtime.getRuntime().halt(0)
    }
    var end: End? = null
    while (true) {
        val words = heard.take().split(' ')
        when (words[0]) {
            "open" -> {
                end?.close()
                end = endOf(provider, sockets, Figure.valueOf(words[1]), Path.of(words[2]))
                println("at ${end.where}")
            }

            "connect" -> {
                end!!.connect(words[1])
                println("ready")
            }

            "take" -> {
                tell(end!!.take())
            }

            "give" -> {
                tell(end!!.give(Stopwatch(words[1].toLong())))
            }

            else -> {
                error("what is $words?")
            }
        }
    }
}

private fun tell(run: Run) = println("done ${run.count} ${run.nanos} ${run.tripNanos}")
