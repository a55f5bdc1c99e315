package dev.ancilla.engine

import dev.ancilla.Errno
import dev.ancilla.SocketOpException
import dev.ancilla.UnixAddress
import dev.ancilla.scripted.ScriptedTransport
import dev.ancilla.scripted.socketOver
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import java.net.StandardProtocolFamily
import java.net.UnixDomainSocketAddress
import java.nio.channels.ServerSocketChannel
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.createFile
import kotlin.io.path.deleteExisting
import kotlin.io.path.exists
import kotlin.io.path.writeText

class BindingTest : FunSpec({
    lateinit var directory: Path
    lateinit var path: Path

    beforeEach {
        directory = Files.createTempDirectory("ancilla")
        path = directory.resolve("x.sock")
    }

    afterEach { directory.toFile().deleteRecursively() }

    fun leaveSocketFile() = ServerSocketChannel
        .open(
            StandardProtocolFamily.UNIX,
        ).use { it.bind(UnixDomainSocketAddress.of(path)) }

    /** A socket whose bind makes a plain file, which is all that closing looks at. */
    fun socket(binding: Binding) =
        socketOver(ScriptedTransport().apply { onBind = { _, _ -> path.createFile() } }, binding = binding)

    fun binding(replaceStale: Boolean = false, unlinkOnClose: Boolean = true) =
        Binding(Binding.MODE_OF_UMASK, replaceStale, unlinkOnClose)

    test("anything at the path is address in use, and stays") {
        val leave: Map<String, () -> Any> =
            mapOf(
                "a file" to { path.createFile() },
                "a directory" to { Files.createDirectory(path) },
                "a dangling link" to { Files.createSymbolicLink(path, directory.resolve("nothing")) },
                "a socket" to { leaveSocketFile() },
            )
        for ((_, make) in leave) {
            make()
            socket(binding()).use { socket ->
                shouldThrow<SocketOpException> { socket.bind(UnixAddress.path(path)) }.errno() shouldBe
                    Errno.EADDRINUSE
            }
            Files.exists(path, java.nio.file.LinkOption.NOFOLLOW_LINKS) shouldBe true
            path.deleteExisting()
        }
    }

    test("a socket on which nobody answers is replaced on request; anything else stays") {
        val address = UnixAddress.path(path)
        val transport = ScriptedTransport().apply { onBind = { _, _ -> path.createFile() } }
        leaveSocketFile()
        binding(replaceStale = true).bind(transport, address) { false }
        path.exists() shouldBe true
        transport.localAddress() shouldBe address

        shouldThrow<SocketOpException> { binding(replaceStale = true).bind(transport, address) { false } }
            .errno() shouldBe Errno.EADDRINUSE
        path.deleteExisting()
        leaveSocketFile()
        shouldThrow<SocketOpException> { binding(replaceStale = true).bind(transport, address) { true } }
            .errno() shouldBe Errno.EADDRINUSE
        path.exists() shouldBe true
        transport.close()
    }

    test("replacing in a directory that is not there says ENOENT") {
        val transport = ScriptedTransport()
        val address = UnixAddress.path(directory.resolve("none/x.sock"))
        shouldThrow<SocketOpException> { binding(replaceStale = true).bind(transport, address) { false } }
            .errno() shouldBe Errno.ENOENT
        transport.close()
    }

    test("closing removes the file that was bound") {
        socket(binding()).use { it.bind(UnixAddress.path(path)) }
        path.exists() shouldBe false
    }

    test("closing leaves another file at the same path alone") {
        socket(binding()).use { socket ->
            socket.bind(UnixAddress.path(path))
            val other = directory.resolve("other")
            other.writeText("another's")
            Files.move(other, path, java.nio.file.StandardCopyOption.REPLACE_EXISTING)
        }
        path.exists() shouldBe true
    }

    test("closing leaves the file if asked to, and does not mind that it is gone") {
        socket(binding(unlinkOnClose = false)).use { it.bind(UnixAddress.path(path)) }
        path.exists() shouldBe true
        path.deleteExisting()
        socket(binding()).use { socket ->
            socket.bind(UnixAddress.path(path))
            path.deleteExisting()
        }
    }

    test("a bind that was refused removes nothing on close, and another can be made") {
        val transport = ScriptedTransport()
        transport.onBind = { _, _ -> throw SocketOpException("bind", Errno.EACCES, null, null, null) }
        socketOver(transport, binding = binding()).use { socket ->
            shouldThrow<SocketOpException> { socket.bind(UnixAddress.path(path)) }
            path.createFile()
            transport.onBind = { _, _ -> }
            socket.bind(UnixAddress.abstractName("x"))
        }
        path.exists() shouldBe true
    }

    test("the mode is the transport's to set, and only for files") {
        val modes = ArrayList<Int>()
        val transport = ScriptedTransport()
        transport.onBind = { _, mode -> modes += mode }
        val restricted = Binding(384, false, false)
        restricted.bind(transport, UnixAddress.path(path)) { false }
        restricted.bind(transport, UnixAddress.abstractName("x")) { false }
        modes shouldBe listOf(384, Binding.MODE_OF_UMASK)
        transport.close()
    }
})
