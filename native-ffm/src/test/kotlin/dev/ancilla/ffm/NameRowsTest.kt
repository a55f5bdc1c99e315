package dev.ancilla.ffm

import dev.ancilla.Errno
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import java.net.StandardProtocolFamily
import java.net.UnixDomainSocketAddress
import java.nio.channels.ServerSocketChannel
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicBoolean
import kotlin.io.path.exists
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.readText

private fun refusedBind(path: Path, replaceStale: Boolean): SocketOpException =
    shouldThrow<SocketOpException> {
        val builder = Sockets.unixDgram()
        if (replaceStale) builder.replaceStale()
        builder.bind(UnixAddress.path(path)).close()
    }

private fun modeOf(path: Path): Int = Files.getAttribute(path, "unix:mode") as Int and "777".toInt(8)

/** Names and socket files: what junixsocket deletes, steals and pads, and native-ffm does not. */
class NameRowsTest : RowSpec({
    for (replaceStale in listOf(false, true)) {
        val how = if (replaceStale) "with replaceStale" else "by default"

        row("A15 bind deletes no file, no directory and no link, $how") {
            val at = Files.createTempDirectory(directory, "a15")
            val file = Files.writeString(at.resolve("file"), "precious")
            val folder = Files.createDirectory(at.resolve("folder"))
            val link = Files.createSymbolicLink(at.resolve("link"), file)
            val dangling = Files.createSymbolicLink(at.resolve("dangling"), at.resolve("nowhere"))
            for (path in listOf(file, folder, link, dangling)) {
                withClue(path) { refusedBind(path, replaceStale).errno() shouldBe Errno.EADDRINUSE }
            }
            file.readText() shouldBe "precious"
            folder.exists() shouldBe true
            Files.isSymbolicLink(link) shouldBe true
            Files.isSymbolicLink(dangling) shouldBe true
        }

        row("A15 bind steals no live socket, $how") {
            val at = Files.createTempDirectory(directory, "a15")
            val path = at.resolve("dgram")
            val stream = at.resolve("stream")
            ServerSocketChannel.open(StandardProtocolFamily.UNIX).use { server ->
                server.bind(UnixDomainSocketAddress.of(stream))
                Sockets.unixDgram().bind(UnixAddress.path(path)).use { live ->
                    refusedBind(path, replaceStale).errno() shouldBe Errno.EADDRINUSE
                    refusedBind(stream, replaceStale).errno() shouldBe Errno.EADDRINUSE
                    live.tryConnect(live.localAddress()) // Now connecting to it is refused with EPERM.
                    refusedBind(path, replaceStale).errno() shouldBe Errno.EADDRINUSE
                    live.send("still mine", null)
                    live.receiveText() shouldBe "still mine"
                }
            }
        }
    }

    row("A15 the socket of a process that was killed is replaced only if that was asked for") {
        val path = directory.resolve("stale15")
        PeerProcess.start("mailbox", "$path").use {
            it.line() shouldBe "ready"
            refusedBind(path, replaceStale = true).errno() shouldBe Errno.EADDRINUSE
        }
        refusedBind(path, replaceStale = false).errno() shouldBe Errno.EADDRINUSE
        Sockets.unixDgram().replaceStale().bind(UnixAddress.path(path)).use {
            it.send("mine now", it.localAddress())
            it.receiveText() shouldBe "mine now"
        }
        path.exists() shouldBe false
    }

    row("A17 a socket file has the mode that was asked for, or that the umask leaves") {
        for (mode in listOf("600", "660", "666", "777", "0")) {
            val path = directory.resolve("asked$mode")
            Sockets.unixDgram().mode(mode.toInt(8)).bind(UnixAddress.path(path)).use {
                modeOf(path) shouldBe mode.toInt(8)
            }
        }
        val usual = directory.resolve("usual")
        Sockets.unixDgram().bind(UnixAddress.path(usual)).use {
            val umask = Files.readAllLines(Path.of("/proc/self/status")).first { it.startsWith("Umask:") }
            modeOf(usual) shouldBe ("777".toInt(8) and umask.substringAfter(':').trim().toInt(8).inv())
        }
    }

    row("A17 a socket file never has, not for a moment, another mode than the one that was asked for") {
        val path = directory.resolve("watched")
        val seen = ConcurrentHashMap.newKeySet<Int>()
        val over = AtomicBoolean()
        val watcher =
            elsewhere {
                while (!over.get()) runCatching { modeOf(path) }.onSuccess { seen.add(it) }
            }
        repeat(2_000) {
            Sockets.unixDgram().mode("600".toInt(8)).bind(UnixAddress.path(path)).close()
        }
        over.set(true)
        watcher.get()
        seen.toSet() shouldBe setOf("600".toInt(8))
    }

    row("A18 after a bind that failed the socket is as it was and can be bound elsewhere") {
        val missing = UnixAddress.path(directory.resolve("missing/socket"))
        bound().use { taken ->
            for (refused in listOf(taken.localAddress(), missing)) {
                Sockets.unixDgram().sendBufferSize(20_000).open().use { socket ->
                    val size = socket.sendBufferSize()
                    val errno = if (refused == missing) Errno.ENOENT else Errno.EADDRINUSE
                    val receive = elsewhere { socket.receiveText() }
                    parked(receive)
                    repeat(2) {
                        shouldThrow<SocketOpException> { socket.bind(refused) }.errno() shouldBe errno
                    }
                    socket.isOpen shouldBe true
                    socket.localAddress() shouldBe UnixAddress.unnamed()
                    socket.sendBufferSize() shouldBe size
                    socket.bind(UnixAddress.autobind())
                    taken.send("from anybody", socket.localAddress())
                    receive.get() shouldBe "from anybody"
                }
            }
            taken.tryReceive() shouldBe null
        }
    }

    row("A18 after a bind that failed a connected socket is still connected") {
        bound().use { peer ->
            unnamed().use { socket ->
                socket.tryConnect(peer.localAddress())
                shouldThrow<SocketOpException> { socket.bind(peer.localAddress()) }
                socket.remoteAddress() shouldBe peer.localAddress()
                socket.send("x", null)
                peer.receiveText() shouldBe "x"
            }
        }
    }

    row("A19 closing removes the file that was bound and no other") {
        val mine = directory.resolve("mine")
        Sockets.unixDgram().bind(UnixAddress.path(mine)).use { mine.exists() shouldBe true }
        mine.exists() shouldBe false

        Sockets.unixDgram().bind(UnixAddress.path(mine)).use {
            Files.delete(mine)
            Files.writeString(mine, "another's")
        }
        mine.readText() shouldBe "another's"
        Files.delete(mine)

        Sockets.unixDgram().unlinkOnClose(false).bind(UnixAddress.path(mine)).close()
        mine.exists() shouldBe true
    }

    row("A19 refused sends and waits do not remove the file of the socket") {
        val path = directory.resolve("stays")
        val stale = stalePath(directory.resolve("stale19"))
        Sockets.unixDgram().bind(UnixAddress.path(path)).use { socket ->
            repeat(3) { socket.refusal(stale) }
            val receive = elsewhere { socket.receiveText() }
            parked(receive)
            path.exists() shouldBe true
            socket.send("x", socket.localAddress())
            receive.get() shouldBe "x"
        }
    }

    row("A27 abstract names are exact, with inner and final NULs, and replies to them arrive") {
        val unique = "${System.nanoTime()}"
        val names =
            listOf(
                "plain-$unique".toByteArray(),
                "inner\u0000nul\u0000$unique".toByteArray(),
                "\u0000first-$unique".toByteArray(),
                "last-$unique\u0000".toByteArray(),
                "last-$unique\u0000\u0000".toByteArray(),
                byteArrayOf(-1, 0, -2, 9, 10, 127) + unique.toByteArray(),
                ByteArray(107) { if (it % 2 == 0) 0 else (it + 1).toByte() },
            )
        bound().use { server ->
            for (bytes in names) {
                val name = UnixAddress.abstractName(bytes)
                withClue(name) {
                    Sockets.unixDgram().bind(name).use { client ->
                        client.localAddress().name().contentEquals(bytes) shouldBe true
                        for (question in listOf("question", "")) {
                            client.send(question, server.localAddress())
                            server.receive().use {
                                it.sender() shouldBe name
                                server.send("answer", it.sender())
                            }
                            client.receiveText() shouldBe "answer"
                        }
                        client.tryConnect(server.localAddress())
                        server.tryConnect(name)
                        server.remoteAddress() shouldBe name
                        server.disconnect()
                    }
                }
            }
        }
    }

    row("A27 names that differ in a NUL are different names") {
        val start = "nul-${System.nanoTime()}"
        Sockets.unixDgram().bind(UnixAddress.abstractName(start)).use { short ->
            Sockets.unixDgram().bind(UnixAddress.abstractName("$start\u0000")).use { long ->
                long.send("for the short one", short.localAddress())
                short.send("for the long one", long.localAddress())
                short.receive().use {
                    it.text() shouldBe "for the short one"
                    it.sender() shouldBe long.localAddress()
                }
                long.receiveText() shouldBe "for the long one"
            }
        }
    }

    row("A28 a path is bound whole or refused, and never cut") {
        val at = Files.createTempDirectory(directory, "a28")
        val room = 107 - at.toString().length - 1
        val longest = at.resolve("x".repeat(room))
        Sockets.unixDgram().bind(UnixAddress.path(longest)).use { socket ->
            socket.localAddress() shouldBe UnixAddress.path(longest)
            at.listDirectoryEntries() shouldBe listOf(longest)
            bound().use { client ->
                socket.send("hello", client.localAddress())
                client.receive().use { client.send("reply", it.sender()) }
            }
            socket.receiveText() shouldBe "reply"
        }
        for (more in listOf(1, 2, 93)) {
            val long = at.resolve("x".repeat(room + more))
            val failure = shouldThrow<IllegalArgumentException> { UnixAddress.path(long) }
            failure.message shouldContain "unix path has ${107 + more} bytes, at most 107 fit: unix:$long"
            shouldThrow<IllegalArgumentException> {
                unnamed().use { it.bind(UnixDomainSocketAddress.of(long)) }
            }
        }
        at.listDirectoryEntries().shouldBeEmpty()
    }
})
