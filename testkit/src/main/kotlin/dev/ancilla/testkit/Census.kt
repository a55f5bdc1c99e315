package dev.ancilla.testkit

import java.io.File
import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path

/**
 * What this process has open: its descriptors, each with what it links to, and the library's threads.
 * Two of them tell which descriptor leaked, and which one was closed that was somebody else's.
 */
internal class Census private constructor(
    private val descriptors: Map<Int, String>,
    private val threads: Set<String>,
) {
    /** Whether no thread of the library runs. */
    val isQuiet: Boolean get() = threads.isEmpty()

    /** The numbers that are in this census and not in [earlier], with what they link to. */
    fun since(earlier: Census): Map<Int, String> = descriptors.filter { (n, link) ->
        earlier.descriptors[n] !=
            link
    }

    private fun changesSince(earlier: Census): List<String> = buildList {
        since(earlier).forEach { (number, link) -> add("descriptor $number -> $link stays open") }
        earlier.since(this@Census).forEach { (number, link) -> add("descriptor $number -> $link was closed") }
        (threads - earlier.threads).forEach { add("thread $it stays") }
    }

    /** Fails unless everything is as it was, once the loops have ended and their selectors are closed. */
    fun expectUnchanged() {
        val deadline = Deadline()
        var changes = take().changesSince(this)
        while (changes.isNotEmpty()) {
            if (deadline.passed) throw AssertionError(changes.joinToString("; "))
            Thread.sleep(5)
            changes = take().changesSince(this)
        }
    }

    companion object {
        fun take(): Census = Census(descriptors(), threads())

        private fun descriptors(): Map<Int, String> {
            val numbers = File("/proc/self/fd").list() ?: return emptyMap()
            return numbers
                .mapNotNull { number -> linkOf(number)?.let { number.toInt() to it } }
                .filterNot { (_, link) -> isOfTheJvm(link) }
                .toMap()
        }

        private fun linkOf(number: String): String? = try {
            Files.readSymbolicLink(Path.of("/proc/self/fd", number)).toString()
        } catch (_: IOException) {
            null // It was the one with which the directory was listed, or is closed by now.
        }

        /** Class files, time zones, random numbers and its own limits, which the JVM opens as it needs them. */
        private fun isOfTheJvm(link: String): Boolean =
            OF_THE_JVM.any(link::endsWith) || link.startsWith("/proc/") || link.startsWith("/sys/")

        private val OF_THE_JVM = listOf(".jar", "/modules", "/tzdb.dat", "random")

        private fun threads(): Set<String> =
            Thread.getAllStackTraces().keys.map(Thread::getName).filter { it.startsWith("ancilla") }.toSet()
    }
}
