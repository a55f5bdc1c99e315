package dev.ancilla.testkit

import dev.ancilla.Errno
import dev.ancilla.Feature
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.UnsupportedFeatureException
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.matchers.shouldBe
import java.io.IOException
import java.net.StandardProtocolFamily
import java.nio.channels.DatagramChannel
import java.nio.channels.SocketChannel

/** Descriptors that were opened elsewhere become sockets here. */
internal fun ContractSpec.adopting() {
    inEveryStyle("an adopted duplicate is the same socket, and the given descriptor is used up") {
        if (!adopts()) return@inEveryStyle
        val before = Census.take()
        val original = bound()
        val name = original.localAddress()
        val given = duplicateOf(before)

        val adopted = keep(Sockets.unixDgram().adopt(given))
        original.close()

        given.isOpen shouldBe false
        adopted.localAddress() shouldBe name
        val peer = bound()
        adopted.send("from the adopted", peer.localAddress())
        peer.receive().use { it.sender() shouldBe name }
    }

    scenario("what is no Unix datagram socket is refused, untouched and still open") {
        if (!adopts()) return@scenario
        val pipe = keep(OwnedFd.pipe())
        val wrong =
            listOf(
                fileWith("a") to Errno.ENOTSOCK,
                pipe.reader() to Errno.ENOTSOCK,
                descriptorOf { SocketChannel.open(StandardProtocolFamily.UNIX) } to Errno.EPROTOTYPE,
                descriptorOf { SocketChannel.open() } to Errno.EPROTOTYPE,
                descriptorOf { DatagramChannel.open() } to Errno.EPROTOTYPE,
            )
        for ((descriptor, errno) in wrong) {
            val before = Census.take()
            withClue(descriptor) {
                shouldThrow<SocketOpException> { Sockets.unixDgram().adopt(descriptor) }.errno() shouldBe
                    errno
                descriptor.isOpen shouldBe true
            }
            before.expectUnchanged()
        }
        wrong[0].first.readText() shouldBe "a"
        val closed = fileWith("b").also(OwnedFd::close)
        shouldThrow<IOException> { Sockets.unixDgram().adopt(closed) }
        shouldThrow<IOException> { OwnedFd.of(987_654) }
        shouldThrow<IllegalArgumentException> { OwnedFd.of(-1) }
    }

    scenario("O48 a bound socket is handed to a child process, and both read from it") {
        if (!adopts()) return@scenario
        val before = Census.take()
        val shared = bound()
        val name = shared.localAddress()
        // Sockets do not show their own descriptor yet, so its number is looked up.
        val handle = duplicateOf(before)
        val mailbox = freshPath()
        val child = keep(Child.start("adopt", mailbox.toString()))
        child.line() shouldBe "ready"

        open().send(Message.of("take this").to(UnixAddress.path(mailbox)).with(handle))
        child.line() shouldBe name.toString()

        // The child waits, and this process does not read until the child has.
        val sender = open()
        sender.send("for the child", name)
        child.line() shouldBe "for the child"
        sender.send("for the parent", name)
        shared.receiveText() shouldBe "for the parent"
        child.exit() shouldBe 0
    }

    scenario("what the provider cannot adopt or open it refuses by name") {
        val declared = open().features()
        if (Feature.MEMFD in declared) {
            OwnedFd.memfd("ancilla").use { it.readText() shouldBe "" }
        } else {
            shouldThrow<UnsupportedFeatureException> { OwnedFd.memfd("ancilla") }.feature() shouldBe
                Feature.MEMFD
        }
        if (Feature.JAVA_FILE_DESCRIPTOR in declared) {
            fileWith("a").use { it.fileDescriptor().valid() shouldBe true }
        } else {
            shouldThrow<UnsupportedFeatureException> { fileWith("a").fileDescriptor() }.feature() shouldBe
                Feature.JAVA_FILE_DESCRIPTOR
        }
    }
}

/** Whether this provider adopts; if not, asking is refused. */
private fun Scene.adopts(): Boolean {
    if (Feature.ADOPT in open().features()) return true
    shouldThrow<UnsupportedFeatureException> { Sockets.unixDgram().adopt(fileWith("a")) }.feature() shouldBe
        Feature.ADOPT
    return false
}

/** A duplicate of the descriptor of what [open] opens, found as the one that is there since. */
private fun Scene.descriptorOf(open: () -> AutoCloseable): OwnedFd {
    val before = Census.take()
    keep(open())
    return duplicateOf(before)
}
