@file:JvmName("StreamDescriptorsMain")

package dev.ancilla.junix

import dev.ancilla.Ancillary
import dev.ancilla.OwnedFd
import dev.ancilla.Sockets
import dev.ancilla.StreamSocket
import dev.ancilla.UnixAddress
import java.io.IOException
import java.nio.ByteBuffer
import java.nio.file.Path

/** Reads bytes with ten descriptors and room for four, in a process that may open few. */
fun main() {
    Sockets.unixStream().maxDescriptors(20).pair().use { pair ->
        OwnedFd.open(Path.of("/dev/null")).use { file ->
            // Once around, so that no class has to be opened later.
            pair.left().tryWrite(listOf(bytes("warm")), Ancillary.lend(file))
            println("warm ${pair.right().told()}")
            Sockets.unixStream().open().use {
                runCatching {
                    it.tryConnect(
                        UnixAddress.path("/nowhere/x.sock"),
                    )
                }
            }
            pair.left().tryWrite(listOf(bytes("hostile")), Ancillary.lend(List(10) { file }))
            pair.left().tryWrite(bytes("after"))
            val ballast = openAll()
            repeat(4) { ballast.removeLast().close() }
            val told = pair.right().told()
            val again = openAll()
            println("came $told; then ${pair.right().told()}; free ${again.size}")
            (ballast + again).forEach(OwnedFd::close)
        }
    }
}

private fun StreamSocket.told(): String {
    val target = ByteBuffer.allocate(100)
    return checkNotNull(tryRead(target)).use {
        "${String(target.array(), 0, target.position())} ${it.ancillary().truncated()}"
    }
}

/** Opens as many as the process may. */
private fun openAll(): ArrayDeque<OwnedFd> {
    val opened = ArrayDeque<OwnedFd>()
    try {
        while (true) opened.add(OwnedFd.open(Path.of("/dev/null")))
    } catch (full: IOException) {
        return opened
    }
}
