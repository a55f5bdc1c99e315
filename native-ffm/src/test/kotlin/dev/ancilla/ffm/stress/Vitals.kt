package dev.ancilla.ffm.stress

import java.io.File
import java.io.IOException
import java.lang.management.ManagementFactory
import java.nio.file.Files
import java.nio.file.Path
import javax.management.ObjectName

/** What this process has: descriptors, threads, and memory outside the heap. */
internal class Vitals private constructor(
    private val descriptors: Map<Int, String>,
    private val threads: Map<String, Int>,
    private val committed: Map<String, Long>,
    private val mapped: Long,
) {
    /** What has grown since, beyond what the JVM does by itself. */
    fun grownSince(earlier: Vitals): List<String> = buildList {
        val opened = descriptors - earlier.descriptors.keys
        opened.forEach { (number, link) -> add("descriptor $number -> $link stays open") }
        val closed = earlier.descriptors - descriptors.keys
        closed.forEach { (number, link) -> add("descriptor $number -> $link was closed") }
        threads.forEach { (name, count) ->
            val before = earlier.threads[name] ?: 0
            if (count > before) add("$count threads $name, of which there were $before")
        }
        LIMITS_KIB.forEach { (what, limit) ->
            val grown = of(what) - earlier.of(what)
            if (grown > limit) add("native memory $what grew by $grown KiB, more than $limit KiB")
        }
        val grown = mapped - earlier.mapped
        if (grown > MAPPED_LIMIT_KIB) add("mapped memory grew by $grown KiB, more than $MAPPED_LIMIT_KIB KiB")
    }

    private fun of(what: String): Long = committed[what] ?: error("no native memory tracking of $what")

    override fun toString() = "${descriptors.size} descriptors, ${threads.values.sum()} threads " +
        "(${threads.filterKeys { it.startsWith("ancilla") }.values.sum()} ancilla), " +
        "NMT other ${of("Other")} KiB, " +
        "NMT total ${of("Total")} KiB (${of(JVM)} without its compilers), mapped $mapped KiB"

    /** Which native memory differs, for the reader. */
    fun changesSince(earlier: Vitals): String = committed
        .filterKeys { it != "Total" && it != JVM }
        .mapValues { (what, size) -> size - (earlier.committed[what] ?: 0) }
        .filterValues { it != 0L }
        .entries
        .joinToString { (what, change) -> "$what ${if (change > 0) "+" else ""}$change KiB" }

    companion object {
        /**
         * How much native memory may be more than before. *Other* has all that the provider allocates: what
         * stays of it are blocks of 8 KiB that calls borrow, one for each that was ever under way at once,
         * and that number varies. In the rest is the JVM's own too, which grows as it loads and profiles
         * classes; the heap is of fixed size. One byte kept for each of ten million messages would be
         * 10 MiB of either.
         */
        private val LIMITS_KIB = mapOf("Other" to 512L, JVM to 8_192L)

        /** All but what the JVM's compilers take: that goes up and down with the code that is hot. */
        private const val JVM = "without compilers"
        private val COMPILERS = setOf("Code", "Compiler", "Arena Chunk")

        /** Less than one overflow area of a loop, which has 64 MiB; stacks of threads come and go. */
        private const val MAPPED_LIMIT_KIB = 60_000L

        fun take(): Vitals {
            System.gc()
            val tracked = nativeMemory()
            return Vitals(descriptors(), threads(), tracked, mapped())
        }

        private fun descriptors(): Map<Int, String> = File("/proc/self/fd")
            .list()
            .orEmpty()
            .mapNotNull { number ->
                try {
                    number.toInt() to Files.readSymbolicLink(Path.of("/proc/self/fd", number)).toString()
                } catch (_: IOException) {
                    null // It was the one with which the directory was listed.
                }
            }.filterNot { (_, link) -> OF_THE_JVM.containsMatchIn(link) }
            .toMap()

        private val OF_THE_JVM = Regex("^/proc/|^/sys/|\\.jar$|/modules$|random$")

        /** Without the workers of shared pools, which come and go as there is work. */
        private fun threads(): Map<String, Int> = Thread
            .getAllStackTraces()
            .keys
            .map(Thread::getName)
            .filterNot { name -> WORKERS.any(name::startsWith) }
            .groupingBy { it }
            .eachCount()

        private val WORKERS = listOf("DefaultDispatcher", "ForkJoinPool", "kotlinx.coroutines")

        private fun nativeMemory(): Map<String, Long> {
            val told = diagnose("vmNativeMemory", "summary", "scale=KB")
            val line = Regex("""(?m)^(?:-\s+(.+?) \(|(Total): )reserved=\d+KB, committed=(\d+)KB""")
            val sizes =
                line.findAll(told).map(MatchResult::groupValues).associate { it[1] + it[2] to it[3].toLong() }
            val compilers = sizes.filterKeys(COMPILERS::contains).values.sum()
            return sizes + (JVM to sizes.getValue("Total") - compilers)
        }

        /** As `jcmd` does. */
        fun diagnose(command: String, vararg arguments: String): String = ManagementFactory
            .getPlatformMBeanServer()
            .invoke(
                ObjectName("com.sun.management:type=DiagnosticCommand"),
                command,
                arrayOf(arguments),
                arrayOf(Array<String>::class.java.name),
            ).toString()

        private fun mapped(): Long = File("/proc/self/status")
            .readLines()
            .first { it.startsWith("VmSize:") }
            .filter(Char::isDigit)
            .toLong()
    }
}
