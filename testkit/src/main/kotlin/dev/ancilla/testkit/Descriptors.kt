package dev.ancilla.testkit

import dev.ancilla.Ancillary
import dev.ancilla.Feature
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.UnixDgramBuilder
import dev.ancilla.UnixDgramSocket
import dev.ancilla.UnsupportedFeatureException
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import java.io.IOException
import java.nio.ByteBuffer
import java.nio.channels.ClosedChannelException
import java.nio.file.Files
import java.nio.file.LinkOption.NOFOLLOW_LINKS
import java.nio.file.OpenOption
import java.nio.file.Path
import java.nio.file.StandardOpenOption.DELETE_ON_CLOSE
import java.nio.file.StandardOpenOption.DSYNC
import java.nio.file.StandardOpenOption.READ
import java.nio.file.StandardOpenOption.SPARSE
import java.nio.file.StandardOpenOption.SYNC
import java.nio.file.StandardOpenOption.WRITE

/** Descriptors ride beside their own message; receiving gives them, sending lends them. */
internal fun ContractSpec.descriptors() {
    inEveryStyle("every descriptor stays with its own datagram") {
        val receiver = receiverOf(2)
        val sender = connectedTo(receiver)
        sender.send(Message.of("1").with(fileWith("a")))
        sender.send("none")
        sender.send(Message.of("2").with(fileWith("b"), fileWith("c")))

        receiver.receive().readDescriptors().shouldContainExactly("a")
        receiver.receive().readDescriptors().shouldBeEmpty()
        receiver.receive().readDescriptors().shouldContainExactly("b", "c")
    }

    inEveryStyle(
        "descriptors reach a target that the sender is not connected to, with an empty message too",
    ) {
        val receiver = receiverOf(1)
        val sender = open()

        sender.send(Message.empty().to(receiver.localAddress()).with(fileWith("a")))

        receiver.receive().use {
            it.size() shouldBe 0
            it.readDescriptors().shouldContainExactly("a")
        }
    }

    scenario("a file is opened for reading alone if writing was not asked for") {
        val path = Files.writeString(freshPath(), "text")
        OwnedFd.open(path).use { flagsOf(it) and ACCESS_MODE shouldBe 0 }
        for (option in listOf(READ, NOFOLLOW_LINKS, SYNC, DSYNC, SPARSE)) {
            withClue(option) {
                OwnedFd.open(path, READ, option).use {
                    flagsOf(it) and ACCESS_MODE shouldBe 0
                    it.readText() shouldBe "text"
                }
            }
        }
    }

    scenario("the kernel is told of SYNC and DSYNC, and no link is followed that must not be") {
        val path = Files.writeString(freshPath(), "text")
        OwnedFd.open(path, WRITE, SYNC).use { flagsOf(it) and O_SYNC shouldBe O_SYNC }
        OwnedFd.open(path, WRITE, DSYNC).use { flagsOf(it) and O_SYNC shouldBe O_DSYNC }
        OwnedFd.open(path, WRITE).use { flagsOf(it) and O_SYNC shouldBe 0 }
        val link = Files.createSymbolicLink(freshPath(), path)
        for (access in listOf(READ, WRITE)) {
            shouldThrow<IOException> { OwnedFd.open(link, access, NOFOLLOW_LINKS) }
        }
        val odd =
            object : OpenOption {
                override fun toString() = "ODD"
            }
        for (option in listOf(DELETE_ON_CLOSE, odd)) {
            shouldThrow<UnsupportedOperationException> { OwnedFd.open(path, WRITE, option) }
                .message shouldContain "has no $option"
        }
    }

    inEveryStyle("a received descriptor outlives its socket and its message") {
        val receiver = receiverOf(1)
        connectedTo(receiver).send(Message.of("with").with(fileWith("a")))

        val taken = keep(receiver.receive().use { it.ancillary().take() })
        receiver.close()

        taken.readText() shouldBe "a"
    }

    inEveryStyle("a sender may close its descriptor as soon as send has returned") {
        val receiver = receiverOf(1)
        val sender = connectedTo(receiver)
        fileWith("a").use { sender.send(Message.of("with").with(it)) }

        receiver.receive().readDescriptors().shouldContainExactly("a")
    }

    inEveryStyle("a sender may close its descriptor while its send waits", Style.sending) {
        val receiver = receiverOf(1)
        val sender = open()
        val queued = sender.fill(receiver.localAddress())
        val lent = fileWith("a")
        val send = style.send(sender, Message.of("with").to(receiver.localAddress()).with(lent))
        until("the send waits") { sender.queuedSends() == 1 }

        lent.close()
        repeat(queued) { receiver.receiveText() shouldBe "fill" }

        send.await()
        receiver.receive().readDescriptors().shouldContainExactly("a")
    }

    inEveryStyle("a send that is given up while it waits has sent nothing and lets its descriptor go") {
        val receiver = receiverOf(1)
        val sender = connectedTo(receiver)
        val queued = sender.fill()
        val lent = fileWith("a")
        val send = style.send(sender, Message.of("never").with(lent))
        until("the send waits") { sender.queuedSends() == 1 }

        send.cancel()
        send.expectThrown(style.givenUp)

        lent.release().let(OwnedFd::of).close() // Refused while anybody holds it.
        repeat(queued) { receiver.receiveText() shouldBe "fill" }
        sender.send("after")
        receiver.receiveText() shouldBe "after"
    }

    inEveryStyle("of more descriptors than were asked for the rest is closed, and the message says so") {
        val receiver = receiverOf(2)
        connectedTo(receiver).send(Message.of("five").with(*Array(5) { fileWith("$it") }))

        receiver.receive().use {
            it.text() shouldBe "five"
            it.ancillary().truncated() shouldBe true
            it.readDescriptors().shouldContainExactly("0", "1")
        }
    }

    inEveryStyle("descriptors that nobody asked for are discarded and leak nothing") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        repeat(5) {
            sender.send(Message.of("with").with(fileWith("a"), fileWith("b")))
            receiver.receive().use {
                it.text() shouldBe "with"
                it.ancillary().descriptors().shouldBeEmpty()
                if (Feature.ANCILLARY_TRUNCATION in
                    receiver.features()
                ) {
                    it.ancillary().truncated() shouldBe true
                }
            }
        }
    }

    inEveryStyle("253 descriptors come with one message, or asking for them is refused") {
        val most = UnixDgramBuilder.DESCRIPTORS_PER_MESSAGE
        if (Feature.MANY_DESCRIPTORS in open().features()) {
            val receiver = receiverOf(most)
            val sender = connectedTo(receiver)
            val file = fileWith("a")
            sender.send(Message.of("many").with(*Array(most) { file }))
            receiver.receive().use { it.ancillary().descriptors().size shouldBe most }
            shouldThrow<IllegalArgumentException> {
                sender.send(
                    Message.of("more").with(*Array(most + 1) { file }),
                )
            }
            sender.send("after")
            receiver.receiveText() shouldBe "after"
        } else {
            shouldThrow<UnsupportedFeatureException> { receiverOf(most) }.feature() shouldBe
                Feature.MANY_DESCRIPTORS
        }
    }

    inEveryStyle("O23 a closed descriptor is an argument error, nothing is sent, and the next send works") {
        val receiver = receiverOf(1)
        val sender = connectedTo(receiver)
        val closed = fileWith("a").also(OwnedFd::close)

        shouldThrow<IllegalArgumentException> { sender.send(Message.of("lost").with(closed)) }
        shouldThrow<IllegalArgumentException> { sender.send(Message.of("lost").with(fileWith("b"), closed)) }

        sender.queuedSends() shouldBe 0
        sender.send("found")
        receiver.receiveText() shouldBe "found"
    }

    scenario("each descriptor is taken once, and closing takes what is left") {
        val receiver = receiverOf(3)
        connectedTo(receiver).send(Message.of("three").with(fileWith("a"), fileWith("b"), fileWith("c")))
        val datagram = receiver.receive()
        val ancillary = datagram.ancillary()

        val first = keep(ancillary.take())
        val rest = ancillary.descriptors()
        repeat(2) { datagram.close() }

        rest.map(OwnedFd::isOpen).shouldContainExactly(false, false)
        first.readText() shouldBe "a"
        ancillary.takeAll().shouldBeEmpty()
        shouldThrow<NoSuchElementException> { ancillary.take() }
        val lent = Ancillary.lend(first)
        shouldThrow<IllegalStateException> { lent.take() }
        lent.close()
        first.isOpen shouldBe true
    }

    scenario("descriptors in messages that nobody received are closed with the socket") {
        val receiver = receiverOf(1)
        val pipe = keep(OwnedFd.pipe())
        connectedTo(receiver).send(Message.of("unread").with(pipe.writer()))
        pipe.writer().close()

        receiver.close()

        // The end of the pipe is read once its last writer is closed.
        pipe.reader().channel().read(ByteBuffer.allocate(1)) shouldBe -1
    }

    scenario("the descriptors of a forgotten message are closed by the collector") {
        val receiver = receiverOf(1)
        val pipe = keep(OwnedFd.pipe())
        connectedTo(receiver).send(Message.of("forgotten").with(pipe.writer()))
        pipe.writer().close()
        val before = Census.take()

        receiveAndForget(receiver)

        until("the collector closes it") {
            System.gc()
            Census.take().since(before).isEmpty()
        }
        pipe.reader().channel().read(ByteBuffer.allocate(1)) shouldBe -1
    }

    scenario("a closed descriptor says so, twice closed or not") {
        val file = fileWith("a")
        repeat(2) { file.close() }
        file.isOpen shouldBe false
        shouldThrow<ClosedChannelException> { file.number() }
        shouldThrow<ClosedChannelException> { file.duplicate() }
    }
}

/** In a frame of its own, which holds no reference afterwards. */
private fun receiveAndForget(receiver: UnixDgramSocket) {
    receiver.blocking().receive().ancillary().descriptors().size shouldBe 1
}

// fcntl.h of Linux.
private const val ACCESS_MODE = 3
private const val O_DSYNC = 0x1000
private const val O_SYNC = 0x101000

private fun flagsOf(fd: OwnedFd): Int = Files
    .readAllLines(Path.of("/proc/self/fdinfo/${fd.number()}"))
    .first { it.startsWith("flags:") }
    .substringAfter(':')
    .trim()
    .toInt(8)
