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
import io.kotest.matchers.collections.shouldBeIn
import io.kotest.matchers.shouldBe
import io.kotest.matchers.shouldNotBe
import java.io.IOException
import java.net.ServerSocket

/** Ports that several sockets have, in this process and in others; and descriptors from elsewhere. */
internal fun ContractSpec.udpSharing() {
    scenario("O12 row4 of two sockets that allow to reuse an address the last gets all messages") {
        val first = udpBound { reuseAddress() }
        val last = udpBound(first.localAddress()) { reuseAddress() }
        val sender = udp()
        repeat(10) { sender.send("$it", last.localAddress()) }
        repeat(10) { last.receiveText() shouldBe "$it" }
        first.expectNothing()
        shouldThrow<SocketOpException> { udpBound(first.localAddress()) }.errno() shouldBe Errno.EADDRINUSE
    }

    scenario("O12 row9 row25 processes share a port, and each message reaches one of them") {
        if (Feature.REUSE_PORT !in features) {
            shouldThrow<UnsupportedFeatureException> { Sockets.udp().reusePort().open() }
            return@scenario
        }
        val port = freePort()
        val children = List(2) { keep(Child.start("share", "$port")) }
        children.forEach { it.line() shouldBe "ready" }
        // Senders of many ports, for the kernel deals out by both ends' addresses.
        val senders = List(30) { udpBound() }
        senders.forEach { it.send("who", loopback(port)) }
        val answers = senders.map { it.receiveText() }
        answers.toSet() shouldBe children.map { "${it.pid}" }.toSet()
        senders.forEach { it.tryReceive() shouldBe null }
    }

    inEveryStyle("O13 row24 an adopted socket is as it was, and what is no UDP socket is refused") {
        if (!adoptsUdp()) return@inEveryStyle
        startLoopOf(udp())
        val before = Census.take()
        val original = udpBound()
        val duplicate = duplicateOf(before)
        val adopted = keep(Sockets.udp().receiveBufferSize(4096).sendBufferSize(4608).adopt(duplicate))
        adopted.localAddress() shouldBe original.localAddress()
        adopted.receiveBufferSize() shouldBeIn listOf(4096, 8192)
        adopted.sendBufferSize() shouldBeIn listOf(4608, 9216)
        // Its own now, so nobody can adopt it again.
        duplicate.isOpen shouldBe false
        shouldThrow<IOException> { Sockets.udp().adopt(duplicate) }
        shouldThrow<IOException> { OwnedFd.of(9999) }
        original.send("echo", adopted.localAddress())
        adopted.receiveText() shouldBe "echo"

        val census = Census.take()
        ServerSocket(0).use { tcp ->
            val stream = duplicateOf(census)
            shouldThrow<SocketOpException> { Sockets.udp().adopt(stream) }.errno() shouldBeIn
                listOf(Errno.EPROTOTYPE, Errno.EINVAL)
            stream.close()
            tcp.localPort shouldNotBe 0
        }
        val file = fileWith("a")
        shouldThrow<SocketOpException> { Sockets.udp().adopt(file) }.errno() shouldBe Errno.ENOTSOCK
        file.readText() shouldBe "a"
        udpBound().send("still usable", adopted.localAddress())
        adopted.receiveText() shouldBe "still usable"
    }

    scenario("O48 row121 a socket is handed to a child process, and both read from it") {
        if (!adoptsUdp()) return@scenario
        startLoopOf(udp())
        val before = Census.take()
        val shared = udpBound { prefetch(0) }
        val handle = duplicateOf(before)
        val mailbox = directory.resolve("mailbox")
        val child = keep(Child.start("adopt-udp", mailbox.toString()))
        child.line() shouldBe "ready"
        Sockets.unixDgram().open().use {
            it.blocking().send(Message.of("take this").to(UnixAddress.path(mailbox)).with(handle))
        }
        child.line() shouldBe shared.localAddress().toString()
        val sender = udp()
        sender.send("for the child", shared.localAddress())
        child.line() shouldBe "for the child"
        sender.send("for the parent", shared.localAddress())
        shared.receiveText() shouldBe "for the parent"
        child.exit() shouldBe 0
    }
}

/** Whether this provider adopts; if not, asking is refused. */
private fun Scene.adoptsUdp(): Boolean {
    if (Feature.ADOPT in udp().features()) return true
    shouldThrow<UnsupportedFeatureException> { Sockets.udp().adopt(keep(OwnedFd.wrap(someHandle()))) }
        .feature() shouldBe Feature.ADOPT
    return false
}
