package dev.ancilla.junix

import dev.ancilla.Errno
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import java.io.InterruptedIOException
import java.net.UnixDomainSocketAddress
import java.nio.ByteBuffer
import java.nio.ReadOnlyBufferException
import java.time.Duration

/** Every message arrives whole, told apart from none, with its sender and its size. */
class ReceiveTest : RowSpec({
    test("B1 an unnamed sender is told apart from nothing") {
        bound().use { receiver ->
            receiver.tryReceive() shouldBe null
            unnamed().use { it.send("anonymous", receiver.localAddress()) }
            receiver.receive().use {
                it.text() shouldBe "anonymous"
                it.sender() shouldBe null
            }
            receiver.tryReceive() shouldBe null
        }
    }

    test("B2 an empty message is told apart from nothing and tells its sender") {
        bound(maxDescriptors = 1).use { receiver ->
            bound().use { named ->
                unnamed().use { anonymous ->
                    named.send("", receiver.localAddress())
                    fileWith("beside nothing").use { named.send("", receiver.localAddress(), it) }
                    anonymous.send("", receiver.localAddress())
                    named.send("full", receiver.localAddress())
                }
                receiver.receive().use {
                    it.size() shouldBe 0
                    it.sender() shouldBe named.localAddress()
                    it.descriptorCount() shouldBe 0
                }
                receiver.receive().use {
                    it.size() shouldBe 0
                    it.sender() shouldBe named.localAddress()
                    it.fileText() shouldBe "beside nothing"
                }
                receiver.receive().use {
                    it.size() shouldBe 0
                    it.sender() shouldBe null
                }
                receiver.receiveText() shouldBe "full"
                receiver.tryReceive() shouldBe null
            }
        }
    }

    test("B3 empty messages are sent, connected and not, and wake a receiver that waits") {
        bound().use { receiver ->
            unnamed().use { sender ->
                for (to in listOf(receiver.localAddress(), null)) {
                    if (to == null) sender.tryConnect(receiver.localAddress())
                    val receive = elsewhere { receiver.receive().use { it.size() } }
                    parked(receive)
                    sender.trySend(ByteBuffer.allocate(0), to) shouldBe true
                    receive.get() shouldBe 0
                    sender.send("", to)
                    receiver.receive().use { it.size() shouldBe 0 }
                }
            }
        }
    }

    test("B4 a message as large as the send buffer allows arrives whole, and a larger one is refused") {
        bound().use { socket ->
            val largest = ByteArray(socket.sendBufferSize() - 32) { it.toByte() }
            socket.blocking().send(Message.of(largest).to(socket.localAddress()), Duration.ofSeconds(20))
            socket.receive().use {
                it.bytes().contentEquals(largest) shouldBe true
                it.truncated() shouldBe false
            }
            val failure = socket.refusal(socket.localAddress(), Message.of(ByteArray(largest.size + 1)))
            failure.errno() shouldBe Errno.EMSGSIZE
            failure.message shouldContain "send EMSGSIZE ${socket.localAddress()}: "
            socket.sendBufferSize(100_000)
            socket.sendBufferSize() shouldBe 200_000
            socket.send("still here", socket.localAddress())
            socket.receiveText() shouldBe "still here"
        }
    }

    test("B5 a cut message says so, and how long it was") {
        Sockets.unixDgram().limit(4).maxDescriptors(1).bind(UnixAddress.autobind()).use { receiver ->
            for ((text, kept) in listOf("" to "", "123" to "123", "1234" to "1234", "12345" to "1234")) {
                fileWith(text).use { receiver.send(text, receiver.localAddress(), it) }
                receiver.receive().use {
                    it.text() shouldBe kept
                    it.size() shouldBe text.length
                    it.truncated() shouldBe (text != kept)
                    it.sender() shouldBe receiver.localAddress()
                    it.fileText() shouldBe text
                }
            }
            receiver.tryReceive() shouldBe null
        }
    }

    test("B6 looking for empty messages takes no descriptors") {
        bound(maxDescriptors = 1).use { socket ->
            val before = openDescriptors()
            repeat(30) {
                fileWith("x").use { socket.send("", socket.localAddress(), it) }
                socket.receive().use { it.descriptorCount() shouldBe 1 }
                socket.tryReceive() shouldBe null
            }
            openDescriptors() shouldBe before
        }
    }

    test("B14 autobind gives every socket a name of its own") {
        val sockets = List(50) { bound() }
        sockets.map { it.localAddress() }.toSet().size shouldBe 50
        sockets.all { it.localAddress().kind() == UnixAddress.Kind.ABSTRACT } shouldBe true
        sockets.forEach { it.close() }
    }

    test("B15 addresses of the JDK are taken, and addresses of other families refused") {
        val address = UnixDomainSocketAddress.of(directory.resolve("jdk"))
        unnamed().use { socket ->
            socket.bind(address)
            socket.localAddress() shouldBe UnixAddress.of(address)
            socket.send("x", address)
            socket.receive().use { it.sender() shouldBe UnixAddress.of(address) }
            socket.tryConnect(address)
            socket.remoteAddress() shouldBe UnixAddress.of(address)
            val inet = java.net.InetSocketAddress(9)
            shouldThrow<IllegalArgumentException> { socket.send("x", inet) }.message shouldContain
                "not a Unix address"
        }
    }

    test("B16 a payload that was received cannot be written") {
        bound().use { socket ->
            socket.send("x", socket.localAddress())
            socket.receive().use { shouldThrow<ReadOnlyBufferException> { it.payload().put(0, 1) } }
        }
    }

    test("B17 an interrupt ends a blocking receive and the socket stays open") {
        bound().use { socket ->
            val interrupted =
                elsewhere {
                    shouldThrow<InterruptedIOException> { socket.receive() }
                    Thread.currentThread().isInterrupted
                }
            parked(interrupted)
            interrupted.thread.interrupt()
            interrupted.get() shouldBe true
            val next = elsewhere { socket.receiveText() }
            parked(next)
            socket.send("still here", socket.localAddress())
            next.get() shouldBe "still here"
        }
    }

    test("C1 descriptors of every kind arrive usable") {
        bound(maxDescriptors = 1).use { socket ->
            OwnedFd.pipe().use { pipe ->
                socket.send("pipe", socket.localAddress(), pipe.writer())
                socket.receive().use { received ->
                    received.ancillary().take().outputStream().use { it.write("through".toByteArray()) }
                }
                ByteArray(7)
                    .also { pipe.reader().channel().read(ByteBuffer.wrap(it)) }
                    .decodeToString() shouldBe "through"
            }
            for (path in listOf("/dev/null", "/", "/proc/self/status")) {
                withClue(path) {
                    val opened = runCatching { OwnedFd.open(java.nio.file.Path.of(path)) }.getOrNull()
                    opened?.use { socket.send("file", socket.localAddress(), it) }
                    if (opened != null) {
                        socket.receive().use { it.descriptorCount() shouldBe 1 }
                    }
                }
            }
        }
    }

    test("C2 a file opened here can be passed, which one of a FileChannel cannot") {
        val path = directory.resolve("written")
        val options = arrayOf(java.nio.file.StandardOpenOption.CREATE, java.nio.file.StandardOpenOption.WRITE)
        bound(maxDescriptors = 1).use { socket ->
            OwnedFd.open(path, *options).use { socket.send("x", socket.localAddress(), it) }
            socket.receive().use { received ->
                received.ancillary().take().outputStream().use { it.write("by the receiver".toByteArray()) }
            }
        }
        java.nio.file.Files.readString(path) shouldBe "by the receiver"
    }

    test("C3 only Unix datagram sockets are adopted, and what is refused stays open") {
        OwnedFd.pipe().use { pipe ->
            val failure = shouldThrow<SocketOpException> { Sockets.unixDgram().adopt(pipe.reader()) }
            failure.errno() shouldBe Errno.ENOTSOCK
            pipe.reader().isOpen shouldBe true
        }
        val stream = org.newsclub.net.unix.AFUNIXServerSocketChannel.open().apply { bind(rawName()) }
        OwnedFd.duplicateOf(stream.fileDescriptor).use { fd ->
            shouldThrow<SocketOpException> { Sockets.unixDgram().adopt(fd) }.errno() shouldBe Errno.EPROTOTYPE
            fd.isOpen shouldBe true
        }
        stream.close()
        val raw = rawBound()
        val name =
            UnixAddress.parse(
                "unix:@" + raw.localAddress!!.pathAsBytes.drop(1).toByteArray().decodeToString(),
            )
        val fd = OwnedFd.duplicateOf(raw.fileDescriptor)
        raw.setShutdownOnClose(false)
        Sockets.unixDgram().adopt(fd).use { adopted ->
            fd.isOpen shouldBe false
            adopted.localAddress() shouldBe name
            raw.close()
            adopted.send("x", adopted.localAddress())
            adopted.receiveText() shouldBe "x"
        }
    }
})
