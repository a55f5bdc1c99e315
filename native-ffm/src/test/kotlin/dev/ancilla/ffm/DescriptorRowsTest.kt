package dev.ancilla.ffm

import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.Sockets
import dev.ancilla.UnixDgramSocket
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.collections.shouldHaveSize
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import java.io.IOException
import java.nio.ByteBuffer
import java.nio.file.Path
import java.util.concurrent.ConcurrentLinkedQueue

/** Descriptors: what junixsocket loses and leaks, and native-ffm does not. */
class DescriptorRowsTest : RowSpec({
    for (count in listOf(1, 2, 60, 61, 253)) {
        row("A2 $count descriptors come with one message") {
            bound(maxDescriptors = 253).use { receiver ->
                unnamed().use { sender ->
                    val lent = nullDevices(count - 1) + fileWith("the last one")
                    sender.send("many", receiver.localAddress(), *lent.toTypedArray())
                    lent.forEach { it.close() }
                }
                receiver.receive().use {
                    it.text() shouldBe "many"
                    it.ancillary().truncated() shouldBe false
                    it.descriptorCount() shouldBe count
                    it.ancillary().descriptors().last().readText() shouldBe "the last one"
                }
            }
        }
    }

    for (asked in listOf(0, 1, 2, 60)) {
        row("A2 of 253 descriptors where $asked were asked for the rest is closed, and the message says so") {
            bound(maxDescriptors = asked).use { receiver ->
                unnamed().use { sender ->
                    val before = openDescriptors()
                    repeat(20) {
                        val lent = nullDevices(253)
                        sender.send("hostile", receiver.localAddress(), *lent.toTypedArray())
                        lent.forEach { it.close() }
                        receiver.receive().use {
                            it.text() shouldBe "hostile"
                            it.descriptorCount() shouldBe asked
                            it.ancillary().truncated() shouldBe true
                        }
                    }
                    openDescriptors() shouldBe before
                }
            }
        }
    }

    row("A2 a 254th descriptor is refused before the socket is touched") {
        bound().use { socket ->
            val lent = nullDevices(254)
            val failure =
                shouldThrow<IllegalArgumentException> {
                    socket.trySend(Message.of("x").to(socket.localAddress()).with(*lent.toTypedArray()))
                }
            failure.message shouldContain "254 descriptors, at most 253 fit one message"
            lent.forEach { it.close() }
            socket.send("still here", socket.localAddress())
            socket.receiveText() shouldBe "still here"
        }
    }

    test("A3 out of descriptors the message comes with those that could be had, and nothing leaks").config(
        enabledOrReasonIf = needs("prlimit", "--version"),
    ) {
        val run = runMain(OutOfDescriptors::class.java.name, prefix = listOf("prlimit", "--nofile=200:200"))
        withOutput(run) {
            run.code shouldBe 0
            run.lines.filter { it.startsWith("then ") || it.startsWith("received ") }.shouldContainExactly(
                "received hostile with 4 descriptors, truncated true",
                "then received after",
                "then 4 are free again",
            )
        }
    }

    row("A4 closing a duplicate, an adopted socket or a descriptor closes it") {
        bound().use { socket ->
            val number = socket.descriptorNumber()
            fileWith("x").use { file ->
                val before = openDescriptors()
                repeat(50) {
                    file.duplicate().close()
                    OwnedFd.of(file.duplicate().release()).close()
                    Sockets.unixDgram().adopt(duplicateOf(number)).close()
                }
                openDescriptors() shouldBe before
                file.readText() shouldBe "x"
            }
            socket.send("still here", socket.localAddress())
            socket.receiveText() shouldBe "still here"
        }
    }

    row("A5 pairs are connected to each other and leak nothing") {
        repeat(50) {
            Sockets.unixDgram().maxDescriptors(1).pair().use { pair ->
                fileWith("x").use { pair.left().send("over", null, it) }
                pair.right().receive().use { it.fileText() shouldBe "x" }
                fileWith("unread").use { pair.left().send("unread", null, it) }
            }
        }
    }

    row("A6 closing a channel or a stream of a descriptor closes the descriptor") {
        val closings: List<(OwnedFd) -> Unit> =
            listOf(
                { fd -> fd.channel().use { it.read(ByteBuffer.allocate(3)) shouldBe 3 } },
                { fd -> fd.inputStream().use { it.read() shouldBe 'c'.code } },
                { fd -> fd.outputStream().close() },
            )
        for (closing in closings) {
            val file = fileWith("content")
            val before = openDescriptors().size
            closing(file)
            file.isOpen shouldBe false
            openDescriptors().size shouldBe before - 1
        }
    }

    row("A7 a received descriptor outlives the socket that received it, also when that is collected") {
        val received =
            bound(maxDescriptors = 1).use { receiver ->
                fileWith("kept").use { receiver.send("x", receiver.localAddress(), it) }
                receiver.receive().use { it.ancillary().take() }
            }
        repeat(3) { System.gc() }
        received.use { it.readText() shouldBe "kept" }
    }

    row("A7 descriptors that nobody received are closed with the socket, fetched from the kernel or not") {
        val receiver = bound(maxDescriptors = 1)
        OwnedFd.pipe().use { pipe ->
            repeat(5) { receiver.send("$it", receiver.localAddress(), pipe.writer()) }
            pipe.writer().close()
            receiver.receiveText() shouldBe "0"
            receiver.close()
            // The end of the pipe is told only when the last writer is gone.
            elsewhere { pipe.reader().channel().read(ByteBuffer.allocate(1)) }.get() shouldBe -1
        }
    }

    row("A8 descriptors that nobody took are closed with their message") {
        bound(maxDescriptors = 3).use { receiver ->
            unnamed().use { sender ->
                val before = openDescriptors()
                repeat(50) {
                    fileWith("x").use { sender.send("x", receiver.localAddress(), it, it, it) }
                    receiver.receive().use { it.descriptorCount() shouldBe 3 }
                }
                openDescriptors() shouldBe before
            }
        }
    }

    row("A8 the descriptors of messages that were forgotten are closed by the collector") {
        bound(maxDescriptors = 1).use { receiver ->
            val before = openDescriptors()
            repeat(20) { forgetOne(receiver) }
            until("the collector closes them") {
                System.gc()
                openDescriptors() == before
            }
        }
    }

    row("A10 concurrent senders and receivers get the right descriptor with every message") {
        val senders = 4
        val each = 1_000
        bound(maxDescriptors = 2).use { receiver ->
            unnamed().use { shared ->
                val wrong = ConcurrentLinkedQueue<String>()
                val seen = ConcurrentLinkedQueue<String>()
                val sending =
                    List(senders) { sender ->
                        elsewhere(virtual = sender % 2 == 0) {
                            repeat(each) { i ->
                                val text = "$sender-$i"
                                fileWith(text).use { shared.send(text, receiver.localAddress(), it) }
                            }
                        }
                    }
                val receiving =
                    List(2) { receiving ->
                        elsewhere(virtual = receiving == 0) {
                            repeat(senders * each / 2) {
                                receiver.receive().use { datagram ->
                                    val contents = datagram.ancillary().descriptors().map { it.readText() }
                                    if (contents != listOf(datagram.text())) {
                                        wrong.add("${datagram.text()} came with $contents")
                                    }
                                    seen.add(datagram.text())
                                }
                            }
                        }
                    }
                (sending + receiving).forEach { it.get() }
                wrong.toList() shouldHaveSize 0
                seen.toSet() shouldHaveSize senders * each
            }
        }
    }

    row("A12 descriptors are closed on exec from the moment on that they are there") {
        bound(maxDescriptors = 3).use { receiver ->
            isCloseOnExec(receiver.descriptorNumber()) shouldBe true
            OwnedFd.pipe().use { pipe ->
                val made = listOf(fileWith("x"), OwnedFd.memfd("x"), pipe.reader(), pipe.writer())
                for (file in made) isCloseOnExec(file.number()) shouldBe true
                val copy = made[0].duplicate()
                isCloseOnExec(copy.number()) shouldBe true
                receiver.send("x", receiver.localAddress(), made[0], pipe.reader(), copy)
                (made.take(2) + copy).forEach { it.close() }
            }
            receiver.receive().use { datagram ->
                datagram.ancillary().descriptors().map { isCloseOnExec(it.number()) } shouldBe
                    listOf(true, true, true)
            }
        }
    }

    row("A13 closing a socket does not shut down a duplicate of it") {
        val socket = bound()
        val name = socket.localAddress()
        val copy = duplicateOf(socket.descriptorNumber())
        socket.close()
        Sockets.unixDgram().adopt(copy).use { adopted ->
            adopted.localAddress() shouldBe name
            unnamed().use { it.send("still heard", name) }
            adopted.receiveText() shouldBe "still heard"
            adopted.send("still said", name)
            adopted.receiveText() shouldBe "still said"
        }
    }
})

/** In a frame of its own, which holds no reference afterwards. */
private fun forgetOne(receiver: UnixDgramSocket) {
    fileWith("x").use { receiver.send("x", receiver.localAddress(), it) }
    receiver.receive().descriptorCount() shouldBe 1
}

/** The number of the socket's own descriptor: it has the inode that the kernel lists with the name. */
private fun UnixDgramSocket.descriptorNumber(): Int {
    val inode =
        Path
            .of("/proc/net/unix")
            .toFile()
            .readLines()
            .first { it.endsWith(" @" + localAddress().name().decodeToString()) }
            .trim()
            .split(Regex(" +"))[6]
    return openDescriptors().first { it.endsWith("socket:[$inode]") }.substringBefore(' ').toInt()
}

private fun duplicateOf(number: Int): OwnedFd {
    val borrowed = OwnedFd.of(number)
    return borrowed.duplicate().also { borrowed.release() }
}

/** Receives ten descriptors with room for four, in a process that may open few. */
internal object OutOfDescriptors {
    @JvmStatic
    fun main(arguments: Array<String>) {
        bound(maxDescriptors = 20).use { receiver ->
            unnamed().use { sender ->
                // Once around, so that no class has to be opened later.
                fileWith("warm").use { sender.send("warm", receiver.localAddress(), it) }
                receiver.receive().use { println("${it.text()} ${it.descriptorCount()}") }
                bound().close()
                sender.refusal(receiver.localAddress(), Message.of(ByteArray(1 shl 20)))
                runCatching { OwnedFd.open(Path.of("/dev/null/below")) }
                openUntilFull().forEach { it.close() }
                OwnedFd.open(Path.of("/dev/null")).use { file ->
                    sender.send("hostile", receiver.localAddress(), *Array(10) { file })
                }
                sender.send("after", receiver.localAddress())
                val ballast = openUntilFull()
                repeat(4) { ballast.removeFirst().close() }
                receiver.receive().use {
                    println(
                        "received ${it.text()} with ${it.descriptorCount()} descriptors," +
                            " truncated ${it.ancillary().truncated()}",
                    )
                }
                println("then received ${receiver.receiveText()}")
                val free = openUntilFull()
                println("then ${free.size} are free again")
                (free + ballast).forEach { it.close() }
            }
        }
    }

    private fun openUntilFull(): ArrayDeque<OwnedFd> {
        val opened = ArrayDeque<OwnedFd>()
        try {
            while (true) opened.add(OwnedFd.open(Path.of("/dev/null")))
        } catch (full: IOException) {
            return opened
        }
    }
}
