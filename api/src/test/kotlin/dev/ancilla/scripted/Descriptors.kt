package dev.ancilla.scripted

import dev.ancilla.Sockets
import io.kotest.core.spec.style.FunSpec
import java.nio.file.Files
import java.nio.file.Path

/**
 * Checks that a spec leaves as many sockets, pipes and selectors open as it found. Loops close theirs
 * a moment after the last socket, so this waits for them.
 */
fun FunSpec.leavesNoDescriptors() {
    var before = emptyMap<String, Int>()
    beforeSpec {
        Sockets.udp().open().close() // The JDK opens some of its own with the first socket.
        before = kernelObjects()
    }
    afterSpec { waitFor(before) { kernelObjects() } }
}

private fun kernelObjects(): Map<String, Int> {
    val links =
        Files.list(Path.of("/proc/self/fd")).use { all ->
            all.toList().mapNotNull { runCatching { Files.readSymbolicLink(it).toString() }.getOrNull() }
        }
    return listOf("socket:", "pipe:", "anon_inode:").associateWith { kind ->
        links.count { it.startsWith(kind) }
    }
}
