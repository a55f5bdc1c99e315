package dev.ancilla.junix

import dev.ancilla.Errno
import dev.ancilla.Message
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.test.Enabled
import io.kotest.matchers.collections.shouldContain
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import java.net.StandardProtocolFamily
import java.net.UnixDomainSocketAddress
import java.nio.channels.AlreadyBoundException
import java.nio.channels.ClosedChannelException
import java.nio.channels.ServerSocketChannel
import java.nio.file.Files
import java.time.Duration

private fun SocketOpException.tells(errno: Errno, start: String) {
    errno() shouldBe errno
    message shouldContain start
}

/** What is wrong is said in a message that names it. */
class BadInputTest : RowSpec({
    test("a path that is too long is refused with its bytes and the path") {
        val path = "/tmp/" + "p".repeat(200)
        val failure = shouldThrow<IllegalArgumentException> { UnixAddress.path(path) }
        failure.message shouldContain "unix path has 205 bytes, at most 107 fit: unix:$path"
        shouldThrow<IllegalArgumentException> { UnixAddress.abstractName("n".repeat(108)) }
            .message shouldContain "unix abstract name has 108 bytes, at most 107 fit: unix:@nnn"
    }

    test("a missing directory is told by bind, and a missing target by send and connect") {
        val address = UnixAddress.path(directory.resolve("missing/socket"))
        unnamed().use { socket ->
            shouldThrow<SocketOpException> {
                socket.bind(
                    address,
                )
            }.tells(Errno.ENOENT, "bind ENOENT $address: ")
            socket.refusal(address).tells(Errno.ENOENT, "send ENOENT $address: ")
            shouldThrow<SocketOpException> { socket.tryConnect(address) }
                .tells(Errno.ENOENT, "connect ENOENT $address: ")
        }
    }

    test("a target that is a plain file, a directory or a stream socket is told") {
        val file = UnixAddress.path(Files.writeString(directory.resolve("plain"), "text"))
        val stream = directory.resolve("stream")
        ServerSocketChannel.open(StandardProtocolFamily.UNIX).use { server ->
            server.bind(UnixDomainSocketAddress.of(stream))
            unnamed().use { socket ->
                val name = UnixAddress.path(stream)
                socket.refusal(file).tells(Errno.ECONNREFUSED, "send ECONNREFUSED $file: ")
                socket.refusal(UnixAddress.path(directory)).errno() shouldBe Errno.ECONNREFUSED
                socket.refusal(name).tells(Errno.EPROTOTYPE, "send EPROTOTYPE $name: ")
            }
        }
    }

    test("a message over the send buffer is told with its target") {
        Sockets.unixDgram().sendBufferSize(5_000).bind(UnixAddress.autobind()).use { socket ->
            val name = socket.localAddress()
            socket.refusal(name, Message.of(ByteArray(20_000))).tells(Errno.EMSGSIZE, "send EMSGSIZE $name: ")
        }
    }

    test("a socket that is closed says so") {
        val socket = bound()
        val name = socket.localAddress()
        socket.close()
        socket.close()
        shouldThrow<ClosedChannelException> { socket.trySend(Message.of("x").to(name)) }
        shouldThrow<ClosedChannelException> { socket.send("x", name) }
        shouldThrow<ClosedChannelException> { socket.tryReceive() }
        shouldThrow<ClosedChannelException> { socket.localAddress() }
    }

    test("binding twice is refused and the first name stays") {
        bound().use { socket ->
            val name = socket.localAddress()
            shouldThrow<AlreadyBoundException> { socket.bind(UnixAddress.autobind()) }
            socket.localAddress() shouldBe name
            socket.send("still here", name)
            socket.receiveText() shouldBe "still here"
        }
    }

    test("a limit of 0, negative sizes, counts and times are refused with their values") {
        val builder = Sockets.unixDgram()

        fun refuses(text: String, block: () -> Unit) {
            shouldThrow<IllegalArgumentException> { block() }.message shouldContain text
        }
        refuses("limit is 0, less than 1") { builder.limit(0) }
        refuses("sendBufferSize is 0, less than 1") { builder.sendBufferSize(0) }
        refuses("receiveBufferSize is -1, less than 1") { builder.receiveBufferSize(-1) }
        refuses("maxDescriptors is 254, not within 0..253") { builder.maxDescriptors(254) }
        refuses("maxDescriptors is -1, not within 0..253") { builder.maxDescriptors(-1) }
        refuses("mode is 01777, not within 0..0777") { builder.mode("1777".toInt(8)) }
        bound().use { socket ->
            val negative = Duration.ofMillis(-1)
            val message = Message.of("x").to(socket.localAddress())
            refuses("timeout is negative: $negative") { socket.blocking().receive(negative) }
            refuses("timeout is negative: $negative") { socket.blocking().send(message, negative) }
            refuses(
                "timeout is negative: $negative",
            ) { socket.blocking().connect(socket.localAddress(), negative) }
            socket.queuedSends() shouldBe 0
            socket.tryReceive() shouldBe null
        }
    }

    val root = Files.getAttribute(directory, "unix:uid") == 0
    val noPermission =
        when {
            !root -> "not run as root, so nobody else can be become"
            runCatching { run(listOf("setpriv", "--version")) }.isFailure -> "there is no setpriv"
            else -> null
        }
    noPermission?.let { println("BadInputTest skips the test of permissions: $it") }

    test("no permission is told by bind, send and connect").config(
        enabledOrReasonIf = { noPermission?.let { Enabled.disabled(it) } ?: Enabled.enabled },
    ) {
        val closed = Files.createDirectory(directory.resolve("closed"))
        Sockets.unixDgram().mode("600".toInt(8)).bind(UnixAddress.path(directory.resolve("private"))).use {
            makeReadable(directory)
            val run =
                runMain(
                    "dev.ancilla.junix.NoPermissionMain",
                    arguments = listOf("$closed/socket", "$directory/private"),
                    prefix = listOf("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
                    readable = directory,
                )
            withOutput(run) {
                run.lines.filter { it.startsWith("told ") } shouldBe
                    listOf(
                        "told bind EACCES unix:$closed/socket: Permission denied",
                        "told send EACCES unix:$directory/private: Permission denied",
                        "told connect EACCES unix:$directory/private: Permission denied",
                    )
                run.lines shouldContain "then received x"
            }
        }
    }
})
