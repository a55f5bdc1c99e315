package dev.ancilla.engine

import dev.ancilla.Errno
import dev.ancilla.SocketOpException
import dev.ancilla.UnixAddress
import dev.ancilla.scripted.Logged
import dev.ancilla.scripted.ScriptedTransport
import dev.ancilla.scripted.socketOver
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.core.test.Enabled
import io.kotest.core.test.TestCase
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import java.net.StandardProtocolFamily
import java.net.UnixDomainSocketAddress
import java.nio.channels.ServerSocketChannel
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.atomic.AtomicBoolean
import kotlin.io.path.createFile
import kotlin.io.path.deleteExisting
import kotlin.io.path.exists
import kotlin.io.path.writeText

/** File locks are the process's, so another one has to hold it. */
private val needsPython: (TestCase) -> Enabled = {
    val there = Path.of("/usr/bin/python3").exists() || Path.of("/usr/local/bin/python3").exists()
    if (there) Enabled.enabled else Enabled.disabled("python3 is not installed")
}

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
        binding(replaceStale = true).bind(transport::bind, address) { false }
        path.exists() shouldBe true
        transport.localAddress() shouldBe address

        shouldThrow<SocketOpException> {
            binding(
                replaceStale = true,
            ).bind(transport::bind, address) { false }
        }.errno() shouldBe Errno.EADDRINUSE
        path.deleteExisting()
        leaveSocketFile()
        shouldThrow<SocketOpException> {
            binding(
                replaceStale = true,
            ).bind(transport::bind, address) { true }
        }.errno() shouldBe Errno.EADDRINUSE
        path.exists() shouldBe true
        transport.close()
    }

    test("replacing in a directory that is not there says ENOENT") {
        val transport = ScriptedTransport()
        val address = UnixAddress.path(directory.resolve("none/x.sock"))
        shouldThrow<SocketOpException> {
            binding(
                replaceStale = true,
            ).bind(transport::bind, address) { false }
        }.errno() shouldBe Errno.ENOENT
        transport.close()
    }

    test("replacing where the lock file cannot be opened says why") {
        val transport = ScriptedTransport()
        val file = directory.resolve("file").createFile()
        val lock = directory.resolve("x.sock.lock")
        Files.createSymbolicLink(lock, directory.resolve("another's"))
        for ((refused, errno) in mapOf(path to Errno.ELOOP, file.resolve("x.sock") to Errno.ENOTDIR)) {
            val failure =
                shouldThrow<SocketOpException> {
                    binding(replaceStale = true).bind(transport::bind, UnixAddress.path(refused)) { false }
                }
            failure.errno() shouldBe errno
            failure.message shouldContain ".lock"
        }
        Files.exists(directory.resolve("another's")) shouldBe false
        transport.close()
    }

    test("nothing that stands at the lock file makes a bind wait").config(enabledOrReasonIf = needsPython) {
        val address = UnixAddress.path(path)
        val lock = directory.resolve("x.sock.lock")
        val transport = ScriptedTransport().apply { onBind = { _, _ -> path.createFile() } }
        ProcessBuilder("mkfifo", "$lock").start().waitFor() shouldBe 0
        binding(replaceStale = true).bind(transport::bind, address) { false }
        path.deleteExisting()
        lock.deleteExisting()

        lock.createFile()
        val hold =
            "import fcntl; f = open('$lock'); fcntl.lockf(f, fcntl.LOCK_SH); print(1, flush=True); input()"
        val holder = ProcessBuilder("python3", "-c", hold).start()
        try {
            holder.inputReader().readLine() shouldBe "1"
            val failure =
                shouldThrow<SocketOpException> {
                    binding(replaceStale = true).bind(transport::bind, address) { false }
                }
            failure.errno() shouldBe Errno.EADDRINUSE
            failure.text() shouldContain "another process has locked"
        } finally {
            holder.destroy()
        }
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

    test("a file that cannot be removed, and a logger that fails, leave no socket open") {
        val sub = Files.createDirectory(directory.resolve("sub"))
        val transport = ScriptedTransport()
        val closed = AtomicBoolean()
        transport.duringClose = { closed.set(true) }
        Logged(Binding::class.java.name) { throw InternalError("no time zones") }.use { log ->
            socketOver(transport, binding = binding()).use { socket ->
                socket.bind(UnixAddress.path(sub.resolve("x.sock")))
                sub.deleteExisting()
                sub.createFile()
            }
            log.records.size shouldBe 1
        }
        closed.get() shouldBe true
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
        restricted.bind(transport::bind, UnixAddress.path(path)) { false }
        restricted.bind(transport::bind, UnixAddress.abstractName("x")) { false }
        modes shouldBe listOf(384, Binding.MODE_OF_UMASK)
        transport.close()
    }
})
