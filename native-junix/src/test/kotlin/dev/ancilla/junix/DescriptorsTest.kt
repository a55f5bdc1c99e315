package dev.ancilla.junix

import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.Sockets
import io.kotest.matchers.collections.shouldHaveSize
import io.kotest.matchers.shouldBe
import java.nio.ByteBuffer
import java.util.concurrent.ConcurrentLinkedQueue

/** Descriptors come with their own message, all of them, and leak nowhere. */
class DescriptorsTest : RowSpec({
    test("A9 descriptors survive a send that would block") {
        for (connected in listOf(false, true)) {
            bound(maxDescriptors = 1).use { receiver ->
                unnamed().use { sender ->
                    if (connected) sender.tryConnect(receiver.localAddress())
                    val target = receiver.localAddress().takeUnless { connected }
                    val queued = sender.fill(target)
                    fileWith("the right one").use { file ->
                        repeat(3) { sender.trySend(Message.of("x").to(target).with(file)) shouldBe false }
                        val send = elsewhere { sender.send("late", target, file) }
                        parked(send)
                        repeat(queued) { receiver.receive().use { it.descriptorCount() shouldBe 0 } }
                        send.get()
                    }
                    receiver.receive().use {
                        it.text() shouldBe "late"
                        it.fileText() shouldBe "the right one"
                    }
                    receiver.tryReceive() shouldBe null
                }
            }
        }
    }

    test("A9 descriptors of a refused send do not ride with the next message") {
        val stale = stalePath(directory.resolve("stale"))
        bound(maxDescriptors = 1).use { receiver ->
            unnamed().use { sender ->
                fileWith("x").use { file ->
                    sender.refusal(stale, Message.of("x").with(file))
                    val long = Message.of(ByteArray(1 shl 20)).with(file)
                    sender.refusal(receiver.localAddress(), long)
                }
                sender.send("plain", receiver.localAddress())
                receiver.receive().use { it.descriptorCount() shouldBe 0 }
            }
        }
    }

    test("A10 concurrent senders and receivers get the right descriptor with every message") {
        val senders = 4
        val each = 1_000
        bound(maxDescriptors = 2).use { receiver ->
            unnamed().use { shared ->
                val wrong = ConcurrentLinkedQueue<String>()
                val seen = ConcurrentLinkedQueue<String>()
                val sending =
                    (1..senders).map { sender ->
                        elsewhere {
                            repeat(each) { i ->
                                val text = "$sender-$i"
                                fileWith(text).use { shared.send(text, receiver.localAddress(), it) }
                            }
                        }
                    }
                val receiving =
                    (1..2).map {
                        elsewhere {
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
                sending.forEach { it.get() }
                receiving.forEach { it.get() }
                wrong.toList() shouldHaveSize 0
                seen.toSet() shouldHaveSize senders * each
            }
        }
    }

    test("A7 a received descriptor outlives the socket that received it") {
        val received =
            bound(maxDescriptors = 1).use { receiver ->
                fileWith("kept").use { receiver.send("x", receiver.localAddress(), it) }
                receiver.receive().use { it.ancillary().take() }
            }
        System.gc()
        received.use { it.readText() shouldBe "kept" }
    }

    test("A8 descriptors that nobody took are closed with their message") {
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

    test("A12 a received descriptor is closed on exec") {
        bound(maxDescriptors = 1).use { receiver ->
            fileWith("x").use { receiver.send("x", receiver.localAddress(), it) }
            receiver.receive().use {
                isCloseOnExec(it.ancillary().descriptors().single().number()) shouldBe true
            }
        }
    }

    test("A4 every duplicate that replaces a dead one is closed") {
        val stale = stalePath(directory.resolve("stale4"))
        bound().use { socket ->
            socket.refusal(stale)
            val before = openDescriptors().size
            repeat(50) { socket.refusal(stale) }
            // The selector's thread lets go of the last ones a little later.
            until("the duplicates are closed") { openDescriptors().size == before }
        }
    }

    test("A5 pairs are connected to each other and leak nothing") {
        val before = openDescriptors()
        bound().use {
            repeat(20) {
                val pair = Sockets.unixDgram().maxDescriptors(1).pair()
                pair.left().use { left ->
                    pair.right().use { right ->
                        fileWith("x").use { left.send("over", null, it) }
                        right.receive().use { it.fileText() shouldBe "x" }
                    }
                }
            }
        }
        until("the pairs are closed") { (openDescriptors() - before).isEmpty() }
    }

    test("A6 closing a channel of a descriptor closes the descriptor") {
        val file = fileWith("content")
        val before = openDescriptors().size
        file.channel().use { it.read(ByteBuffer.allocate(3)) shouldBe 3 }
        file.isOpen shouldBe false
        openDescriptors().size shouldBe before - 1
    }

    test("B10 descriptors go to any target of an unconnected socket, and back") {
        bound(maxDescriptors = 1).use { left ->
            bound(maxDescriptors = 1).use { right ->
                bound(maxDescriptors = 1).use { socket ->
                    for (peer in listOf(left, right, left)) {
                        val name = peer.localAddress()
                        fileWith("to $name").use { socket.send("x", name, it) }
                        peer.receive().use {
                            it.sender() shouldBe socket.localAddress()
                            it.fileText() shouldBe "to $name"
                        }
                        peer.send("third parties still reach us", socket.localAddress())
                        socket.receiveText() shouldBe "third parties still reach us"
                        socket.remoteAddress() shouldBe null
                    }
                }
            }
        }
    }

    test("C4 descriptors in the queue of a socket that is closed are closed with it") {
        val receiver = bound(maxDescriptors = 1)
        val pipe = OwnedFd.pipe()
        unnamed().use { it.send("x", receiver.localAddress(), pipe.writer()) }
        pipe.writer().close()
        receiver.close()
        // The end of the pipe is told only when the last writer, the one in the queue, is gone.
        elsewhere { pipe.reader().inputStream().use { it.read() } }.get() shouldBe -1
    }

    test("C5 gathered buffers make one message") {
        bound().use { socket ->
            val parts = listOf("", "one", "two", "", "three").map { bytes(it) }
            socket.blocking().send(Message.gather(parts).to(socket.localAddress()))
            socket.receiveText() shouldBe "onetwothree"
        }
    }
})
