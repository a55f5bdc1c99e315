package dev.ancilla.junix

import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import java.nio.channels.DatagramChannel
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.deleteRecursively
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.name

/**
 * Tests whose names begin with the row of the table of junixsocket's habits that they are about. The
 * last test of each specification compares the open descriptors with those before the first.
 */
abstract class RowSpec(body: RowSpec.() -> Unit) : FunSpec() {
    /** An empty directory, with a path short enough for socket files. */
    val directory: Path by lazy { Files.createTempDirectory("rows") }

    private var before = emptySet<String>()

    init {
        beforeSpec {
            warmUp()
            before = openDescriptors()
        }
        body()
        test("no descriptor is left open by ${this@RowSpec::class.simpleName}") {
            // The loop's thread closes its selector some time after the last socket.
            until("the descriptors are closed", orElse = {}) { (openDescriptors() - before).isEmpty() }
            withClue({ "threads: " + loopThreads() }) {
                (openDescriptors() - before).toList() shouldBe
                    emptyList()
            }
        }
        afterSpec {
            @OptIn(kotlin.io.path.ExperimentalPathApi::class)
            directory.deleteRecursively()
        }
    }

    /** What the JDK opens once and keeps must not look like a leak. */
    private fun warmUp() {
        DatagramChannel.open().close()
        Sockets.unixDgram().bind(UnixAddress.autobind()).close()
        settle()
        directory
    }

    private fun settle() {
        var last = openDescriptors()
        until("the descriptors settle", orElse = {}) {
            Thread.sleep(50)
            val now = openDescriptors()
            (now == last).also { last = now }
        }
    }
}

/** The open descriptors, as number and file, without the class path and the JDK's random numbers. */
internal fun openDescriptors(): Set<String> = Path
    .of("/proc/self/fd")
    .listDirectoryEntries()
    .mapNotNull { entry ->
        runCatching { "${entry.name} ${Files.readSymbolicLink(entry)}" }.getOrNull()
    }.filterNot {
        it.endsWith(".jar") || it.endsWith("/modules") || it.endsWith("random") ||
            it.contains("/proc/") || it.contains("/sys/fs/cgroup/")
    }.toSet()

private fun loopThreads() = Thread
    .getAllStackTraces()
    .filterKeys { it.name.startsWith("ancilla") }
    .map { (thread, stack) -> thread.name + stack.joinToString("") { "\n  $it" } }

/** Waits with a generous deadline. */
internal fun until(
    what: String,
    orElse: () -> Unit = { error("not within 20 s: $what") },
    done: () -> Boolean,
) {
    val deadline = System.nanoTime() + 20_000_000_000
    while (!done()) {
        if (System.nanoTime() > deadline) {
            return orElse()
        }
        Thread.sleep(5)
    }
}
