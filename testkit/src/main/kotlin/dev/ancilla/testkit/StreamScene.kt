package dev.ancilla.testkit

import dev.ancilla.Ancillary
import dev.ancilla.OwnedFd
import dev.ancilla.Server
import dev.ancilla.SocketPair
import dev.ancilla.Sockets
import dev.ancilla.StreamRead
import dev.ancilla.StreamSocket
import dev.ancilla.UnixAddress
import dev.ancilla.UnixServerBuilder
import java.nio.ByteBuffer
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.CopyOnWriteArrayList

/** Where one test of streams plays: opens what it needs, in its style, and closes it afterwards. */
internal class StreamScene(val style: StreamStyle) : AutoCloseable {
    private val kept = CopyOnWriteArrayList<AutoCloseable>()
    private var files = 0

    /** A directory of this test alone. */
    val directory: Path by lazy {
        Files.createTempDirectory("ancilla").also { made ->
            kept.add(0, AutoCloseable { made.toFile().deleteRecursively() })
        }
    }

    /** Closes [it] when the test ends, if the test has not. */
    fun <T : AutoCloseable> keep(it: T): T = it.also(kept::add)

    fun freshPath(): Path = directory.resolve("s${files++}")

    fun freshAddress(): UnixAddress = UnixAddress.path(freshPath())

    fun fileWith(text: String): OwnedFd = keep(newFile(directory, text))

    fun server(configure: UnixServerBuilder<StreamSocket>.() -> Unit = {}): Server<StreamSocket> =
        keep(Sockets.unixServer().maxDescriptors(4).apply(configure).listen(freshAddress()))

    fun open(): StreamSocket = keep(Sockets.unixStream().maxDescriptors(4).open())

    fun clientOf(server: Server<StreamSocket>): StreamSocket =
        open().also { it.connect(server.localAddress()) }

    fun pair(descriptors: Int = 4): SocketPair<StreamSocket> =
        keep(Sockets.unixStream().maxDescriptors(descriptors).pair())

    fun StreamSocket.connect(address: UnixAddress) = style.connect(this, address).await()

    fun Server<StreamSocket>.accept(): StreamSocket = keep(style.accept(this).await())

    fun StreamSocket.read(target: ByteBuffer): StreamRead = style.read(this, listOf(target)).await()

    /** Reads at most [most] bytes, and tells them with the texts of the files that came. */
    fun StreamSocket.readPart(most: Int): Pair<String, List<String>> {
        val target = ByteBuffer.allocate(most)
        val texts = read(target).use { read -> read.ancillary().takeAll().map { it.use(OwnedFd::readText) } }
        return String(target.array(), 0, target.position()) to texts
    }

    fun StreamSocket.readExactly(count: Int, descriptors: Int = 0): Pair<String, List<String>> {
        val target = ByteBuffer.allocate(count)
        val came = style.readExactly(this, target, descriptors).await()
        return String(target.array()) to came.takeAll().map { it.use(OwnedFd::readText) }
    }

    fun StreamSocket.write(text: String, vararg descriptors: OwnedFd) =
        style.write(this, listOf(bytes(text)), Ancillary.lend(*descriptors)).await()

    fun StreamSocket.end(text: String, vararg descriptors: OwnedFd) =
        style.end(this, listOf(bytes(text)), Ancillary.lend(*descriptors)).await()

    /** Reads to the end of the stream, and returns what was written. */
    fun StreamSocket.readToText(): String = buildString {
        while (true) {
            val (text, _) = readPart(1000)
            if (text.isEmpty()) return@buildString
            append(text)
        }
    }

    /** Reads to the end of the stream, and tells how many bytes came. */
    fun StreamSocket.readToEnd(): Long {
        val target = ByteBuffer.allocate(64 * 1024)
        var count = 0L
        while (true) {
            val read = read(target.clear())
            if (read.isEnd) return count
            count += read.count()
        }
    }

    override fun close() = kept.asReversed().forEach(AutoCloseable::close)
}

internal fun bytes(text: String): ByteBuffer = ByteBuffer.wrap(text.toByteArray())
