package dev.ancilla.ffm

import dev.ancilla.Message
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import java.net.StandardProtocolFamily
import java.nio.ByteBuffer
import java.nio.channels.ServerSocketChannel
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.ExperimentalPathApi
import kotlin.io.path.deleteRecursively
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.name

/** Tests on real sockets. The descriptors that are open after each are those that were before. */
abstract class RowSpec(body: RowSpec.() -> Unit) : FunSpec() {
    /** An empty directory, with a path short enough for socket files. */
    val directory: Path by lazy { Files.createTempDirectory("rows") }

    init {
        beforeSpec { warmUp() }
        body()
        @OptIn(ExperimentalPathApi::class)
        afterSpec { directory.deleteRecursively() }
    }

    /** A test that leaves no descriptor open, and closes none of others. */
    fun row(name: String, play: () -> Unit) {
        test(name) { countingDescriptors(play) }
    }

    /** What the JDK opens once and keeps must not look like a leak. */
    private fun warmUp() {
        ServerSocketChannel.open(StandardProtocolFamily.UNIX).close()
        bound().use {
            it.blocking().send(Message.of("warm").to(it.localAddress()))
            it.blocking().receive().close()
        }
        directory
        until("the loops have ended") { loopThreads().isEmpty() }
    }
}

/** Fails unless the same descriptors are open afterwards, once the loops have ended. */
internal fun countingDescriptors(play: () -> Unit) {
    val before = openDescriptors()
    play()
    until("the descriptors are closed", orElse = {}) { openDescriptors() == before }
    val after = openDescriptors()
    withClue({ "threads: " + loopThreads() }) {
        (after - before).toList() shouldBe emptyList()
        (before - after).toList() shouldBe emptyList()
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
            it.endsWith("/tzdb.dat") || it.contains(" /proc/") || it.contains(" /sys/")
    }.toSet()

private fun loopThreads() = Thread
    .getAllStackTraces()
    .filterKeys { it.name.startsWith("ancilla") }
    .map { (thread, stack) -> thread.name + stack.joinToString("") { "\n  $it" } }

internal fun bytesOf(text: String): ByteBuffer = ByteBuffer.wrap(text.toByteArray())

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

/** The name of a socket that nobody has open any more, as a file. */
internal fun stalePath(path: Path): UnixAddress {
    Sockets.unixDgram().unlinkOnClose(false).bind(UnixAddress.path(path)).close()
    return UnixAddress.path(path)
}
