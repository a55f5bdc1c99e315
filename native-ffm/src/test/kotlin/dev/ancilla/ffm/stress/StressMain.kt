package dev.ancilla.ffm.stress

import java.nio.channels.ClosedChannelException
import java.nio.file.Files
import java.util.Locale
import java.util.concurrent.CompletableFuture
import java.util.concurrent.TimeUnit
import java.util.concurrent.TimeoutException
import java.util.logging.Handler
import java.util.logging.Level
import java.util.logging.LogRecord
import java.util.logging.Logger
import kotlin.random.Random
import kotlin.system.exitProcess

/**
 * Many messages between many sockets, in every calling style at once, while calls are given up and
 * sockets and batches closed; then looks whether the process has what it had before.
 */
internal object StressMain {
    private const val PLACES = 12
    private const val WARM_UP = 60_000L
    private const val STUCK_SECONDS = 30L

    @JvmStatic
    fun main(words: Array<String>) {
        val messages = words.getOrNull(0)?.toLong() ?: 10_000_000
        val seed = words.getOrNull(1)?.toLong() ?: System.nanoTime()
        println("stress: $messages messages, seed $seed, Java ${Runtime.version()}")
        failOnWarnings()
        try {
            Stress(seed, WARM_UP, told = false).use(Stress::run)
            val before = Vitals.take()
            println("before: $before")
            val stress = Stress(seed + 1, messages, told = true)
            stress.use(Stress::run)
            val after = expectUnchanged(before)
            println("after:  $after")
            println("native memory since: ${after.changesSince(before)}")
            println("passed: ${stress.result}")
        } catch (e: Throwable) {
            fail(e)
        }
        exitProcess(0)
    }

    /** Descriptors of messages that nobody received, and memory that was in use, go a moment later. */
    private fun expectUnchanged(before: Vitals): Vitals {
        val deadline = System.nanoTime() + 10_000_000_000
        while (true) {
            val now = Vitals.take()
            val grown = now.grownSince(before)
            if (grown.isEmpty()) return now
            check(System.nanoTime() < deadline) { "after: $now\n" + grown.joinToString("\n") }
            Thread.sleep(100)
        }
    }

    private val logger = Logger.getLogger("dev.ancilla")

    /** What the library logs is a task that failed, or a descriptor that was forgotten. */
    private fun failOnWarnings() {
        logger.addHandler(
            object : Handler() {
                override fun publish(record: LogRecord) {
                    if (record.level.intValue() < Level.WARNING.intValue()) return
                    // A batch that ends early, for its socket was closed between two messages.
                    if (record.thrown is ClosedChannelException) return
                    fail(IllegalStateException("logged: ${record.message}", record.thrown))
                }

                override fun flush() = Unit

                override fun close() = Unit
            },
        )
        logger.useParentHandlers = false
    }

    @Synchronized
    private fun fail(failure: Throwable): Nothing {
        println("FAILED: $failure")
        failure.printStackTrace(System.out)
        System.out.flush()
        Runtime.getRuntime().halt(1)
        throw failure
    }

    private class Stress(
        seed: Long,
        private val messages: Long,
        private val told: Boolean,
    ) : AutoCloseable {
        private val random = Random(seed)
        private val tally = Tally()
        private val letters = Letters(seed)
        private val nuisance = Nuisance(seed, ::fail)
        private val directory = Files.createTempDirectory("ancilla-stress")
        private val slots =
            List(PLACES) { Slot(it, Random(random.nextLong()), letters, tally, nuisance, directory) }
        private val start = System.nanoTime()

        private val seconds: Double get() = (System.nanoTime() - start) / 1e9

        private val rate: Double get() = tally.received.get() / seconds

        val result: String
            get() =
                "${tally.sent} sent, ${tally.received} received, " +
                    "${tally.withDescriptors} with descriptors, over ${tally.routes} sets of sockets, " +
                    "${tally.closedInUse} of them closed in use; " +
                    "${tally.cancelled} calls cancelled, ${tally.interrupted} interrupted, " +
                    "${tally.timedOut} timed out, " +
                    "${tally.batchesClosed} batches closed; " +
                    String.format(Locale.ROOT, "%.1f s, %.0f messages/s", seconds, rate)

        fun run() {
            val runs =
                slots.mapIndexed { place, slot ->
                    val end = CompletableFuture<Unit>()
                    Thread.ofPlatform().daemon().name("stress-slot-$place").start {
                        try {
                            slot.runUntil { tally.received.get() >= messages }
                            end.complete(Unit)
                        } catch (e: Throwable) {
                            end.completeExceptionally(e)
                        }
                    }
                    end
                }
            // The first that fails fails all.
            val failed = CompletableFuture<Unit>()
            (runs + slots.map { it.failure }).forEach { end ->
                end.whenComplete { _, e -> if (e != null) failed.completeExceptionally(e) }
            }
            val all = CompletableFuture.anyOf(CompletableFuture.allOf(*runs.toTypedArray()), failed)
            var toldAt = 0.0
            while (true) {
                try {
                    all.get(500, TimeUnit.MILLISECONDS)
                    return
                } catch (_: TimeoutException) {
                    watch()
                }
                if (told && seconds - toldAt >= 5) {
                    toldAt = seconds
                    val counts = "${tally.sent} sent, ${tally.received} received"
                    println(String.format(Locale.ROOT, "%6.0f s: %s", seconds, counts))
                }
            }
        }

        private fun watch() {
            val now = System.nanoTime()
            val stuck =
                slots.mapNotNull { it.route }.filter { now - it.lastProgress > STUCK_SECONDS * 1_000_000_000 }
            if (stuck.isEmpty()) return
            println(Vitals.diagnose("threadPrint", "-l"))
            val virtual = directory.resolve("threads")
            Vitals.diagnose("threadDumpToFile", "$virtual")
            println(Files.readString(virtual))
            fail(IllegalStateException("no progress for $STUCK_SECONDS s: " + stuck.joinToString("; ")))
        }

        override fun close() {
            nuisance.close()
            letters.close()
            directory.toFile().deleteRecursively()
        }
    }
}
