package dev.ancilla.examples.peers

import dev.ancilla.OwnedFd
import dev.ancilla.Server
import dev.ancilla.Sockets
import dev.ancilla.StreamSocket
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.accept
import dev.ancilla.coroutines.read
import dev.ancilla.coroutines.readExactly
import kotlinx.coroutines.withTimeout
import java.io.ByteArrayOutputStream
import java.nio.ByteBuffer
import java.nio.file.Path

/** More descriptors than any peer here passes at once. */
private const val DESCRIPTORS = 8

internal fun serverAt(path: Path): Server<StreamSocket> =
    Sockets.unixServer().maxDescriptors(DESCRIPTORS).listen(UnixAddress.path(path))

internal fun connectedTo(path: Path): StreamSocket =
    Sockets.unixStream().maxDescriptors(DESCRIPTORS).connect(UnixAddress.path(path))

internal suspend fun Server<StreamSocket>.acceptSoon(): StreamSocket = withTimeout(PATIENCE) { accept() }

/** The next bytes as text, and what the files hold that came with them. */
internal suspend fun StreamSocket.next(count: Int): Pair<String, List<String>> = withTimeout(PATIENCE) {
    val bytes = ByteBuffer.allocate(count)
    val files = readExactly(bytes).use { came -> came.descriptors().map { it.content() } }
    bytes.array().decodeToString() to files
}

/** All bytes to the end of the stream. */
internal suspend fun StreamSocket.rest(): ByteArray = withTimeout(PATIENCE) {
    val bytes = ByteArrayOutputStream()
    val buffer = ByteBuffer.allocate(65_536)
    while (!read(buffer.clear()).use { it.isEnd }) bytes.write(buffer.array(), 0, buffer.position())
    bytes.toByteArray()
}

internal suspend fun StreamSocket.restAsText(): String = rest().decodeToString()

private fun OwnedFd.content(): String = inputStream().readAllBytes().decodeToString()
