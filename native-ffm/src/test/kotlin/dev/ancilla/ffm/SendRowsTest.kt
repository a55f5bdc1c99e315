package dev.ancilla.ffm

import dev.ancilla.Errno
import dev.ancilla.Message
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.comparables.shouldBeLessThan
import io.kotest.matchers.ints.shouldBeGreaterThan
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import java.io.InterruptedIOException
import java.net.SocketTimeoutException
import java.nio.channels.ClosedChannelException
import java.nio.file.Files
import java.time.Duration
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger

/**
 * Sending: what junixsocket does there, and native-ffm does not. The ids are the rows of the table of
 * junixsocket's habits. A16, A21 and a part of A13, A14, A20 and A22 are about streams: see the contract of
 * streams.
 */
class SendRowsTest : RowSpec({
    row("A1 a refused send leaves our socket open, bound, and its waiting receiver waiting") {
        val stale = stalePath(directory.resolve("stale"))
        val file = UnixAddress.path(Files.writeString(directory.resolve("file"), "text"))
        bound().use { peer ->
            bound().use { socket ->
                val name = socket.localAddress()
                val receive = elsewhere { socket.receiveText() }
                parked(receive)
                repeat(3) {
                    socket.refusal(stale).errno() shouldBe Errno.ECONNREFUSED
                    socket.refusal(file).errno() shouldBe Errno.ECONNREFUSED
                    socket.refusal(stale, Message.empty()).errno() shouldBe Errno.ECONNREFUSED
                    socket.refusal(UnixAddress.path(directory)).errno() shouldBe Errno.ECONNREFUSED
                    socket.refusal(null).errno() shouldBe Errno.ENOTCONN
                }
                socket.isOpen shouldBe true
                socket.localAddress() shouldBe name
                socket.send("still here", peer.localAddress())
                peer.receive().use {
                    it.text() shouldBe "still here"
                    it.sender() shouldBe name
                }
                peer.send("and reachable", name)
                receive.get() shouldBe "and reachable"
            }
        }
    }

    row("A1 a socket survives the death of the process that it is connected to, and connects to the next") {
        val path = directory.resolve("mortal")
        bound().use { socket ->
            repeat(2) { life ->
                Files.deleteIfExists(path)
                PeerProcess.start("mailbox", "$path").use { peer ->
                    peer.line() shouldBe "ready"
                    socket.tryConnect(UnixAddress.path(path))
                    socket.send("life $life", null)
                    peer.line() shouldBe "got life $life"
                }
                // Killed: its socket is gone, and the file is there.
                socket.refusal(null).errno() shouldBe Errno.ECONNREFUSED
                socket.isOpen shouldBe true
            }
        }
    }

    row("A9 descriptors survive a send that would block") {
        for (connected in listOf(false, true)) {
            bound(maxDescriptors = 1).use { receiver ->
                unnamed().use { sender ->
                    if (connected) sender.tryConnect(receiver.localAddress())
                    val target = receiver.localAddress().takeUnless { connected }
                    val queued = sender.fill(target)
                    fileWith("the right one").use { file ->
                        repeat(3) { sender.trySend(Message.of("x").to(target).with(file)) shouldBe false }
                        val sends =
                            listOf(false, true).map { elsewhere(it) { sender.send("late", target, file) } }
                        parked(*sends.toTypedArray())
                        repeat(queued) { receiver.receive().use { it.descriptorCount() shouldBe 0 } }
                        sends.forEach { it.get() }
                    }
                    repeat(2) {
                        receiver.receive().use {
                            it.text() shouldBe "late"
                            it.fileText() shouldBe "the right one"
                        }
                    }
                    receiver.tryReceive() shouldBe null
                }
            }
        }
    }

    row("A9 descriptors of a refused send do not ride with the next message") {
        val stale = stalePath(directory.resolve("stale9"))
        bound(maxDescriptors = 1).use { receiver ->
            unnamed().use { sender ->
                fileWith("x").use { file ->
                    sender.refusal(stale, Message.of("x").with(file)).errno() shouldBe Errno.ECONNREFUSED
                    val long = Message.of(ByteArray(1 shl 20)).with(file)
                    sender.refusal(receiver.localAddress(), long).errno() shouldBe Errno.EMSGSIZE
                }
                sender.send("plain", receiver.localAddress())
                receiver.receive().use { it.descriptorCount() shouldBe 0 }
            }
        }
    }

    row("A11 a closed descriptor is refused before the socket is touched") {
        val closed = fileWith("x").apply { close() }
        bound().use { socket ->
            val failure =
                shouldThrow<IllegalArgumentException> {
                    socket.trySend(Message.of("x").to(socket.localAddress()).with(closed))
                }
            failure.message shouldContain "closed"
            socket.send("still here", socket.localAddress())
            socket.receiveText() shouldBe "still here"
        }
    }

    row("A14 a peer that connects elsewhere is told once, and the socket lives on") {
        bound().use { socket ->
            bound().use { peer ->
                bound().use { other ->
                    socket.tryConnect(peer.localAddress())
                    peer.tryConnect(socket.localAddress())
                    socket.send("never read", null)
                    peer.tryConnect(other.localAddress())

                    shouldThrow<SocketOpException> { socket.receive() }.errno() shouldBe Errno.ECONNRESET
                    socket.tryReceive() shouldBe null
                    socket.tryConnect(other.localAddress())
                    other.tryConnect(socket.localAddress())
                    other.send("a new friend", null)
                    socket.receiveText() shouldBe "a new friend"
                }
            }
        }
    }

    for (connected in listOf(false, true)) {
        val how = if (connected) "connected" else "unconnected"

        row("A20 a blocked send ends when its socket closes, it is interrupted or time is up, $how") {
            bound().use { receiver ->
                for (virtual in listOf(false, true)) {
                    val sender = unnamed()
                    if (connected) sender.tryConnect(receiver.localAddress())
                    val to = receiver.localAddress().takeUnless { connected }
                    val queued = sender.fill(to)
                    val late = Message.of("late").to(to)
                    shouldThrow<SocketTimeoutException> {
                        sender.blocking().send(late, Duration.ofMillis(50))
                    }
                    val interrupted =
                        elsewhere(virtual) {
                            shouldThrow<InterruptedIOException> { sender.send("late", to) }
                        }
                    parked(interrupted)
                    interrupted.thread.interrupt()
                    interrupted.get()
                    val closed =
                        elsewhere(virtual) {
                            shouldThrow<ClosedChannelException> { sender.send("late", to) }
                        }
                    parked(closed)
                    sender.close()
                    closed.get()
                    repeat(queued) { receiver.receiveText() shouldBe "fill ${it + 1}" }
                    receiver.tryReceive() shouldBe null
                }
            }
        }

        row("A20 waiting for a full receiver makes a bounded number of attempts, $how") {
            bound().use { receiver ->
                unnamed().use { sender ->
                    if (connected) sender.tryConnect(receiver.localAddress())
                    val to = receiver.localAddress().takeUnless { connected }
                    val queued = sender.fill(to)
                    val attempts = AtomicInteger()
                    var sent = false

                    fun attempt() {
                        attempts.incrementAndGet()
                        if (sender.trySend(Message.of("late").to(to))) {
                            sent = true
                        } else {
                            sender.readiness().armSend(to) { attempt() }
                        }
                    }
                    sender.eventLoop().execute { attempt() }
                    until("the first attempt") { attempts.get() > 0 }
                    Thread.sleep(500)
                    attempts.get() shouldBeLessThan 25
                    repeat(queued) { receiver.receiveText() shouldBe "fill ${it + 1}" }
                    receiver.receiveText() shouldBe "late"
                    sent shouldBe true
                }
            }
        }
    }

    row("A20 a send that waits is told when its target dies") {
        for (connected in listOf(false, true)) {
            unnamed().use { sender ->
                val receiver = bound()
                val target = receiver.localAddress()
                if (connected) sender.tryConnect(target)
                val to = target.takeUnless { connected }
                sender.fill(to)
                val send = elsewhere { runCatching { sender.send("late", to) } }
                parked(send)
                receiver.close()
                (send.get().exceptionOrNull() as? SocketOpException)?.errno() shouldBe Errno.ECONNREFUSED
                sender.isOpen shouldBe true
            }
        }
    }

    row("A22 after an error of the socket both its receiver and its sender go on") {
        bound().use { socket ->
            bound().use { peer ->
                bound().use { other ->
                    socket.tryConnect(peer.localAddress())
                    peer.tryConnect(socket.localAddress())
                    socket.fill(null)
                    val receive = elsewhere { runCatching { socket.receiveText() } }
                    val send = elsewhere { runCatching { socket.send("late", null) } }
                    parked(receive, send)
                    peer.tryConnect(other.localAddress())
                    // Which of the two meets the error first is the kernel's choice.
                    until("somebody is told") { !receive.thread.isAlive || !send.thread.isAlive }
                    while (peer.tryReceive()?.use { true } == true) {
                        // Makes room, should the sender still wait for some.
                    }
                    socket.tryConnect(other.localAddress())
                    other.tryConnect(socket.localAddress())
                    other.send("for whoever still waits", null)
                    receive.get()
                    send.get()
                    socket.isOpen shouldBe true
                }
            }
        }
    }

    row("A22 what a process sent before it died is received, and what the next one sends too") {
        bound().use { socket ->
            val texts = List(6) { socket.async().receive().thenApply { it.use { it.text() } } }
            repeat(2) { life ->
                PeerProcess.start("say", "${socket.localAddress()}", "$life", "last", "words").use {
                    it.line() shouldBe "said"
                }
            }
            texts.map { it.get(20, TimeUnit.SECONDS) } shouldBe
                listOf("0", "last", "words", "1", "last", "words")
        }
    }

    row("A26 no message is lost where there is no room, empty ones included") {
        bound().use { receiver ->
            unnamed().use { sender ->
                val queued = sender.fill(receiver.localAddress())
                sender.trySend(Message.empty().to(receiver.localAddress())) shouldBe false
                val send = elsewhere { sender.send("", receiver.localAddress()) }
                parked(send)
                repeat(queued) { receiver.receiveText() shouldBe "fill ${it + 1}" }
                send.get()
                receiver.receive().use { it.size() shouldBe 0 }
                receiver.tryReceive() shouldBe null
                queued shouldBeGreaterThan 0
            }
        }
    }
})
