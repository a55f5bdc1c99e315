package dev.ancilla.testkit

import dev.ancilla.Errno
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.shouldBe
import java.nio.file.Files
import java.nio.file.LinkOption
import java.nio.file.Path
import java.nio.file.attribute.PosixFilePermissions
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CyclicBarrier
import kotlin.concurrent.thread

/** How a socket file comes and goes: nothing is ever removed but what is surely nobody's. */
internal fun ContractSpec.socketFiles() {
    scenario("a file at the path, whatever it is, is address in use and stays") {
        val plain = Files.writeString(freshPath(), "mine")
        val link = Files.createSymbolicLink(freshPath(), Path.of("/nowhere/at/all"))
        val folder = Files.createDirectory(freshPath())
        for (there in listOf(plain, link, folder)) {
            for (builder in listOf(Sockets.unixDgram(), Sockets.unixDgram().replaceStale())) {
                val refusal = shouldThrow<SocketOpException> { builder.bind(UnixAddress.path(there)) }
                refusal.errno() shouldBe Errno.EADDRINUSE
                refusal.localAddress() shouldBe UnixAddress.path(there)
            }
            Files.exists(there, LinkOption.NOFOLLOW_LINKS) shouldBe true
        }
        Files.readString(plain) shouldBe "mine"
    }

    scenario("a stale socket is in use, and is replaced when that is asked for") {
        val path = stalePath()
        val socket = open()
        shouldThrow<SocketOpException> { socket.bind(UnixAddress.path(path)) }.errno() shouldBe
            Errno.EADDRINUSE

        val replacing = keep(Sockets.unixDgram().replaceStale().bind(UnixAddress.path(path)))

        socket.send("new", UnixAddress.path(path))
        replacing.receiveText() shouldBe "new"
        socket.bind(UnixAddress.path(freshPath()))
    }

    scenario("a socket that lives is never replaced, idle, full or connected elsewhere") {
        val idle = bound()
        val full = bound().also { open().fill(it.localAddress()) }
        val elsewhere = bound().also { it.tryConnect(bound().localAddress()) }
        for (live in listOf(idle, full, elsewhere)) {
            shouldThrow<SocketOpException> {
                Sockets.unixDgram().replaceStale().bind(live.localAddress() as UnixAddress)
            }.errno() shouldBe Errno.EADDRINUSE
            Files.exists((live.localAddress() as UnixAddress).toPath()) shouldBe true
        }
    }

    scenario("of threads that replace a stale socket at the same time one wins") {
        repeat(10) {
            val path = stalePath()
            val start = CyclicBarrier(8)
            val attempts =
                List(8) {
                    val replacing = Sockets.unixDgram().replaceStale()
                    CompletableFuture<Result<AutoCloseable>>().also { outcome ->
                        thread {
                            start.await()
                            outcome.complete(runCatching { replacing.bind(UnixAddress.path(path)) })
                        }
                    }
                }.map { it.join("bind") }

            attempts.mapNotNull { it.getOrNull() }.onEach(::keep).size shouldBe 1
            attempts
                .mapNotNull { it.exceptionOrNull() }
                .forEach { (it as SocketOpException).errno() shouldBe Errno.EADDRINUSE }
        }
    }

    scenario("of processes that replace a stale socket at the same time one wins") {
        val path = stalePath()
        val children = List(2) { keep(Child.start("race", path.toString())) }
        children.forEach { it.line() shouldBe "ready" }

        children.forEach { it.say("go") }

        children.map(Child::line).sorted() shouldBe listOf("EADDRINUSE", "bound")
    }

    scenario("the mode that was asked for is on the file, and binding without leaves it to the umask") {
        for (mode in listOf("rw-------", "rw-rw----", "rwxrwxrwx")) {
            val bits = PosixFilePermissions.fromString(mode).sumOf { 256 shr it.ordinal }
            val path = freshPath()
            keep(Sockets.unixDgram().mode(bits).bind(UnixAddress.path(path)))
            PosixFilePermissions.toString(Files.getPosixFilePermissions(path)) shouldBe mode
        }
        val usual = freshPath()
        val made = Files.createDirectory(freshPath())
        keep(Sockets.unixDgram().bind(UnixAddress.path(usual)))
        Files.getPosixFilePermissions(usual) shouldBe Files.getPosixFilePermissions(made)
        shouldThrow<IllegalArgumentException> { Sockets.unixDgram().mode(512) }
    }

    scenario("closing removes the file it made, unless it was told not to") {
        val removed = freshPath()
        Sockets.unixDgram().bind(UnixAddress.path(removed)).close()
        Files.exists(removed) shouldBe false

        val kept = freshPath()
        Sockets.unixDgram().unlinkOnClose(false).bind(UnixAddress.path(kept)).close()
        Files.exists(kept) shouldBe true
    }

    scenario("closing leaves a file that another put in its place, and one that is gone") {
        val path = freshPath()
        val first = keep(Sockets.unixDgram().bind(UnixAddress.path(path)))
        Files.delete(path)
        val second = keep(Sockets.unixDgram().bind(UnixAddress.path(path)))

        first.close()

        open().send("still there", UnixAddress.path(path))
        second.receiveText() shouldBe "still there"
        Files.delete(path)
        second.close()
        Files.exists(path) shouldBe false
    }

    scenario("a missing directory, a path too long and a name that is none are told apart") {
        val socket = open()
        shouldThrow<SocketOpException> {
            socket.bind(UnixAddress.path(directory.resolve("no/such")))
        }.errno() shouldBe
            Errno.ENOENT
        shouldThrow<SocketOpException> {
            Sockets.unixDgram().replaceStale().bind(UnixAddress.path(directory.resolve("no/such")))
        }.errno() shouldBe Errno.ENOENT
        shouldThrow<IllegalArgumentException> { UnixAddress.path("/" + "x".repeat(107)) }
        shouldThrow<IllegalArgumentException> { socket.bind(UnixAddress.unnamed()) }
        val longest = UnixAddress.path(directory.toString().padEnd(106, '/') + "s")

        socket.bind(longest)

        open().send("whole", longest)
        socket.receiveText() shouldBe "whole"
    }

    scenario("a directory without permission is EACCES", missing = Privileges::withoutWayToDropThem) {
        val closed = Files.createDirectory(freshPath())
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("r-xr-xr-x"))
        val path = closed.resolve("s")
        if (Privileges.writesAnywhere) {
            val child = keep(Child.start("bind", path.toString(), before = Privileges.DROPPING))
            child.line() shouldBe "EACCES"
        } else {
            shouldThrow<SocketOpException> { open().bind(UnixAddress.path(path)) }.errno() shouldBe
                Errno.EACCES
        }
    }
}

/** Where a socket was bound whose owner left without removing the file. */
private fun Scene.stalePath(): Path = freshPath().also {
    Sockets.unixDgram().unlinkOnClose(false).bind(UnixAddress.path(it)).close()
}
