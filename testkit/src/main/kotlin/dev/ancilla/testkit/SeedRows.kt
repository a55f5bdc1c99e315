package dev.ancilla.testkit

import dev.ancilla.DgramSocket
import dev.ancilla.Errno
import dev.ancilla.Message
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.UnixDgramSocket
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import io.kotest.matchers.types.shouldBeInstanceOf
import java.nio.channels.ClosedChannelException
import java.nio.file.Files
import java.util.concurrent.CompletableFuture
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger

/**
 * What npm's unix-dgram and the unix_dgram of Node 0.4 can do, row by row of the table of their
 * features: opening, names and the end. Where we answer otherwise, docs/differences.md says why.
 */
internal fun ContractSpec.seedSockets() {
    scenario("row1 opening gives a socket at once, and a listener gets its messages") {
        val socket = subject.open().also(::keep)
        val got = LinkedBlockingQueue<String>()
        socket.listen { _, datagram -> got.add(datagram.text()) }

        socket.bind(subject.freshAddress(directory))
        open().send("message", socket.localAddress())

        got.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS) shouldBe "message"
    }

    inEveryStyle("row2 UDP and Unix datagrams are one interface, and each has its descriptor from opening") {
        for (kind in listOf(subject, UdpSubject("jdk"))) {
            val before = Census.take()
            val socket = keep(kind.open())
            Census.take().since(before).values.any { it.startsWith("socket:") } shouldBe true
            socket.bind(kind.freshAddress(directory))
            socket.send("to myself", socket.localAddress())
            socket.receiveText() shouldBe "to myself"
        }
    }

    scenario("row18 a socket is bound when bind returns, and unbound when it throws") {
        val path = freshPath()
        val first = open().also { it.bind(UnixAddress.path(path)) }
        first.localAddress() shouldBe UnixAddress.path(path)

        val second = open()
        shouldThrow<SocketOpException> { second.bind(UnixAddress.path(path)) }.errno() shouldBe
            Errno.EADDRINUSE
        second.localAddress() shouldBe UnixAddress.unnamed()
        second.bind(UnixAddress.path(freshPath()))
    }

    inEveryStyle("row19 a file in the way is removed only if it is a dead socket and that was asked for") {
        val path = freshPath()
        Sockets.unixDgram().unlinkOnClose(false).bind(UnixAddress.path(path)).close()
        shouldThrow<SocketOpException> { Sockets.unixDgram().bind(UnixAddress.path(path)) }

        val replacing = keep(Sockets.unixDgram().replaceStale().bind(UnixAddress.path(path)))
        shouldThrow<SocketOpException> { Sockets.unixDgram().replaceStale().bind(UnixAddress.path(path)) }

        open().send("to the first", UnixAddress.path(path))
        replacing.receiveText() shouldBe "to the first"
    }

    inEveryStyle("row21 a call that waits on a socket without a name gets what comes once it has one") {
        val socket = open()
        val waiting = style.receive(socket)

        socket.bind(subject.freshAddress(directory))
        open().send("found you", socket.localAddress())

        waiting.await().use { it.text() shouldBe "found you" }
    }

    inEveryStyle("row39 a socket is connected when connect ends, and as before when it fails") {
        val receiver = bound()
        val socket = open()

        shouldThrow<SocketOpException> { socket.connect(UnixAddress.path(freshPath())) }.errno() shouldBe
            Errno.ENOENT
        socket.remoteAddress() shouldBe null

        socket.connect(receiver.localAddress())
        socket.remoteAddress() shouldBe receiver.localAddress()
    }

    scenario("row95 the address is the path, or unnamed") {
        val path = freshPath()
        val socket = open()
        socket.localAddress() shouldBe UnixAddress.unnamed()
        socket.bind(UnixAddress.path(path))
        (socket.localAddress() as UnixAddress).toPath() shouldBe path
    }

    scenario("row96 a Unix socket has an address, and no member that only UDP could serve") {
        bound().localAddress().shouldBeInstanceOf<UnixAddress>()
        UnixDgramSocket::class.java.methods
            .map { it.name.lowercase() }
            .filter { name -> listOf("ttl", "broadcast", "multicast", "membership").any { it in name } }
            .shouldBeEmpty()
    }

    scenario("row113 close may come twice, and leaves the file if that was asked for") {
        for (unlink in listOf(true, false)) {
            val path = freshPath()
            val socket = Sockets.unixDgram().unlinkOnClose(unlink).bind(UnixAddress.path(path))
            repeat(2) { socket.close() }
            socket.isOpen shouldBe false
            Files.exists(path) shouldBe !unlink
        }
    }

    inEveryStyle("row114 closing removes the file and tells the end once, and later calls say closed") {
        val path = freshPath()
        val socket = keep(Sockets.unixDgram().bind(UnixAddress.path(path)))
        val ends = AtomicInteger()
        socket.closed().thenRun(ends::incrementAndGet)

        repeat(2) { socket.close() }

        Files.exists(path) shouldBe false
        until("the end") { ends.get() == 1 }
        shouldThrow<ClosedChannelException> { socket.send("late", UnixAddress.path(path)) }
        shouldThrow<ClosedChannelException> { socket.receive() }
        ends.get() shouldBe 1
    }

    inEveryStyle("row122 one socket serves many threads at a time") {
        val socket = bound()
        val peers = List(4) { bound() }
        val texts =
            peers.mapIndexed { number, peer ->
                CompletableFuture.supplyAsync {
                    List(25) {
                        socket.send("$number.$it", peer.localAddress())
                        peer.receiveText()
                    }
                }
            }

        texts.forEachIndexed { number, got ->
            got.join("thread $number").shouldContainExactly(List(25) { "$number.$it" })
        }
    }
}

/** Runs [turn] with the number of the turn of the loop it is in, as long as [work] takes. */
internal fun countingTurns(socket: DgramSocket, work: (turn: () -> Int) -> Unit) {
    val turns = AtomicInteger()
    val over = AtomicInteger()

    fun next() {
        turns.incrementAndGet()
        if (over.get() == 0) socket.eventLoop().execute(::next)
    }
    socket.eventLoop().execute(::next)
    try {
        work(turns::get)
    } finally {
        over.set(1)
    }
}

/** A sender and a receiver that is full, with how much it took. */
internal class Full(scene: Scene, connected: Boolean) {
    val receiver: DgramSocket = scene.bound()
    val sender: DgramSocket = if (connected) scene.connectedTo(receiver) else scene.open()
    val target = receiver.localAddress().takeUnless { connected }
    val count: Int = with(scene) { sender.fill(target) }

    fun message(text: String): Message = Message.of(text).to(target)
}
