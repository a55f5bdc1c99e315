package dev.ancilla.junix

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
import java.nio.file.attribute.PosixFilePermissions
import kotlin.io.path.exists
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.readText

private fun refusedBind(path: Path, replaceStale: Boolean): SocketOpException =
    shouldThrow<SocketOpException> {
        val builder = Sockets.unixDgram()
        if (replaceStale) builder.replaceStale()
        builder.bind(UnixAddress.path(path)).close()
    }

/** Binding deletes no file and steals no address; closing removes only what was bound. */
class BindTest : RowSpec({
    for (replaceStale in listOf(false, true)) {
        val how = if (replaceStale) "with replaceStale" else "by default"

        test("A15 bind deletes no file, no directory and no link, $how") {
            val at = Files.createTempDirectory(directory, "a15")
            val file = Files.writeString(at.resolve("file"), "precious")
            val folder = Files.createDirectory(at.resolve("folder"))
            val link = Files.createSymbolicLink(at.resolve("link"), file)
            val dangling = Files.createSymbolicLink(at.resolve("dangling"), at.resolve("nowhere"))
            for (path in listOf(file, folder, link, dangling)) {
                withClue(path) {
                    val failure = refusedBind(path, replaceStale)
                    failure.errno() shouldBe Errno.EADDRINUSE
                    failure.message shouldContain "bind EADDRINUSE unix:$path"
                }
            }
            file.readText() shouldBe "precious"
            Files.isSymbolicLink(dangling) shouldBe true
        }

        test("A15 bind steals no live socket, $how") {
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

    test("A15 a stale socket is replaced only if that was asked for") {
        val stale = directory.resolve("stale15").also { stalePath(it) }
        refusedBind(stale, replaceStale = false).errno() shouldBe Errno.EADDRINUSE
        stale.exists() shouldBe true
        Sockets.unixDgram().replaceStale().bind(UnixAddress.path(stale)).use {
            it.send("mine now", it.localAddress())
            it.receiveText() shouldBe "mine now"
        }
        stale.exists() shouldBe false
    }

    test("A18 after a bind that failed the socket is not connected and can be bound elsewhere") {
        val missing = UnixAddress.path(directory.resolve("missing/socket"))
        bound().use { taken ->
            for (refused in listOf(taken.localAddress(), missing)) {
                Sockets.unixDgram().sendBufferSize(20_000).open().use { socket ->
                    val size = socket.sendBufferSize()
                    val errno = if (refused == missing) Errno.ENOENT else Errno.EADDRINUSE
                    repeat(
                        2,
                    ) { shouldThrow<SocketOpException> { socket.bind(refused) }.errno() shouldBe errno }
                    socket.remoteAddress() shouldBe null
                    socket.localAddress() shouldBe UnixAddress.unnamed()
                    socket.sendBufferSize() shouldBe size
                    val receive = elsewhere { socket.receiveText() }
                    parked(receive)
                    socket.bind(UnixAddress.autobind())
                    taken.send("from anybody", socket.localAddress())
                    receive.get() shouldBe "from anybody"
                }
            }
            taken.tryReceive() shouldBe null
        }
    }

    test("A18 after a bind that failed a connected socket is still connected") {
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

    test("A18 after a bind that failed nothing goes to who has the name, though the peer has gone") {
        bound().use { taken ->
            unnamed().use { socket ->
                bound().use { peer -> socket.tryConnect(peer.localAddress()) }
                shouldThrow<SocketOpException> { socket.bind(taken.localAddress()) }.errno() shouldBe
                    Errno.EADDRINUSE
                socket.remoteAddress() shouldBe null
                socket.refusal(null)
                taken.tryReceive() shouldBe null
                socket.tryConnect(taken.localAddress())
                socket.send("x", null)
                taken.receiveText() shouldBe "x"
            }
        }
    }

    test("A18 a receive that waits survives a bind that fails") {
        bound().use { taken ->
            unnamed().use { socket ->
                val receive = elsewhere { socket.receiveText() }
                parked(receive)
                shouldThrow<SocketOpException> { socket.bind(taken.localAddress()) }
                socket.bind(UnixAddress.autobind())
                taken.send("x", socket.localAddress())
                receive.get() shouldBe "x"
            }
        }
    }

    test("A19 closing removes the file that was bound and no other") {
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

    test("A19 neither refused sends nor waits remove the file of the socket") {
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

    test("A17 the socket file has the mode that was asked for, or that the umask leaves") {
        val asked = directory.resolve("asked")
        Sockets.unixDgram().mode("600".toInt(8)).bind(UnixAddress.path(asked)).use {
            PosixFilePermissions.toString(Files.getPosixFilePermissions(asked)) shouldBe "rw-------"
        }
        val usual = directory.resolve("usual")
        Sockets.unixDgram().bind(UnixAddress.path(usual)).use {
            val umask = Files.readAllLines(Path.of("/proc/self/status")).first { it.startsWith("Umask:") }
            val left = 511 and umask.substringAfter(':').trim().toInt(8).inv()
            Files.getAttribute(usual, "unix:mode") as Int and 511 shouldBe left
        }
    }

    test("H4 replies to a socket whose mode was set arrive under its own name") {
        val path = directory.resolve("named")
        Sockets.unixDgram().mode("600".toInt(8)).bind(UnixAddress.path(path)).use { server ->
            bound().use { client ->
                server.send("hello", client.localAddress())
                client.receive().use { client.send("reply", it.sender()) }
                server.receiveText() shouldBe "reply"
            }
        }
    }

    test("A28 a path is bound whole or refused, and never cut") {
        val at = Files.createTempDirectory(directory, "a28")
        val room = 107 - at.toString().length - 1
        val longest = at.resolve("x".repeat(room))
        Sockets.unixDgram().bind(UnixAddress.path(longest)).use { socket ->
            socket.localAddress() shouldBe UnixAddress.path(longest)
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
                unnamed().use {
                    it.bind(
                        UnixDomainSocketAddress.of(long),
                    )
                }
            }
        }
        at.listDirectoryEntries().shouldBeEmpty()
    }
})
