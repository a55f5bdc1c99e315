package dev.ancilla.junix

import dev.ancilla.Errno
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UnixDgramSocket
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.comparables.shouldBeLessThan
import io.kotest.matchers.ints.shouldBeInRange
import io.kotest.matchers.shouldBe
import java.net.SocketAddress
import java.net.SocketTimeoutException
import java.time.Duration
import java.util.concurrent.atomic.AtomicInteger

/** A send whose attempts and wakes are counted, until it has gone. */
private class CountedSend(private val socket: UnixDgramSocket, private val to: SocketAddress?) {
    val attempts = AtomicInteger()

    @Volatile var sent = false

    fun attempt() {
        attempts.incrementAndGet()
        if (socket.trySend(Message.of("late").to(to))) {
            sent = true
        } else {
            socket.readiness().armSend(to) { attempt() }
        }
    }

    /** How many attempts were made within a second in which there was no room. */
    fun idleAttempts(): Int {
        socket.eventLoop().execute { attempt() }
        until("the first attempt") { attempts.get() > 0 }
        val before = attempts.get()
        Thread.sleep(1_000)
        return attempts.get() - before
    }
}

/** Waiting for room costs nothing, and ends when there is some. */
class SendWaitTest : RowSpec({
    for (connected in listOf(false, true)) {
        val how = if (connected) "connected" else "unconnected"

        test("A20 waiting to send to a full receiver makes a bounded number of attempts, $how") {
            bound().use { receiver ->
                unnamed().use { sender ->
                    if (connected) sender.tryConnect(receiver.localAddress())
                    val to = receiver.localAddress().takeUnless { connected }
                    val queued = sender.fill(to)
                    val send = CountedSend(sender, to)
                    send.idleAttempts() shouldBeLessThan 50
                    send.sent shouldBe false
                    receiver.receiveText() shouldBe "fill 1"
                    until("the message goes") { send.sent }
                    repeat(queued - 1) { receiver.receiveText() shouldBe "fill ${it + 2}" }
                    receiver.receiveText() shouldBe "late"
                    receiver.tryReceive() shouldBe null
                }
            }
        }

        test(
            "A20 a blocked send ends when its socket closes, its thread is interrupted or time is up, $how",
        ) {
            bound().use { receiver ->
                val sender = unnamed()
                if (connected) sender.tryConnect(receiver.localAddress())
                val to = receiver.localAddress().takeUnless { connected }
                val queued = sender.fill(to)
                val late = Message.of("late").to(to)
                shouldThrow<SocketTimeoutException> { sender.blocking().send(late, Duration.ofMillis(50)) }
                shouldThrow<SocketTimeoutException> { sender.blocking().send(late, Duration.ZERO) }
                val interrupted =
                    elsewhere { shouldThrow<java.io.InterruptedIOException> { sender.send("late", to) } }
                parked(interrupted)
                interrupted.thread.interrupt()
                interrupted.get()
                sender.queuedSends() shouldBe 0
                val closed =
                    elsewhere {
                        shouldThrow<java.nio.channels.ClosedChannelException> { sender.send("late", to) }
                    }
                parked(closed)
                sender.close()
                closed.get()
                repeat(queued) { receiver.receiveText() shouldBe "fill ${it + 1}" }
                receiver.tryReceive() shouldBe null
            }
        }
    }

    test("A20 waiting for room in our own send buffer makes a bounded number of attempts") {
        val receivers = List(30) { bound() }
        try {
            Sockets.unixDgram().sendBufferSize(4_608).open().use { sender ->
                val large = Message.of(ByteArray(2_000))
                val full = receivers.takeWhile { sender.trySend(large.to(it.localAddress())) }
                full.size shouldBeInRange 1..29
                // This one's own queue is empty: what is missing is room in the sender's buffer.
                val target = receivers.last()
                val wakes = CountedSend(sender, target.localAddress())
                sender.trySend(large.to(target.localAddress())) shouldBe false
                val send =
                    elsewhere {
                        sender.blocking().send(large.to(target.localAddress()), Duration.ofSeconds(20))
                    }
                parked(send)
                val before = threadCpuMillis(sender)
                Thread.sleep(1_000)
                (threadCpuMillis(sender) - before) shouldBeLessThan 500
                send.thread.isAlive shouldBe true
                full.forEach { it.receive().close() }
                send.get()
                target.receive().use { it.size() shouldBe 2_000 }
                wakes.attempts.get() shouldBe 0
            }
        } finally {
            receivers.forEach { it.close() }
        }
    }

    test("A20 waiting to send to the peer by its address makes a bounded number of attempts") {
        Sockets.unixDgram().sendBufferSize(4_608).pair().use { pair ->
            val to = pair.right().localAddress()
            val queued = pair.left().fill(to) // The peer's queue is no limit here, the own buffer is.
            val send = CountedSend(pair.left(), to)
            send.idleAttempts() shouldBeLessThan 50
            send.sent shouldBe false
            repeat(queued) { pair.right().receive().close() }
            until("the message goes") { send.sent }
            pair.right().receiveText() shouldBe "late"
        }
    }

    test("B13 a connected socket's full peer does not hold up a send to another") {
        bound().use { peer ->
            bound().use { other ->
                Sockets.unixDgram().connect(peer.localAddress()).use { sender ->
                    sender.fill(null)
                    val queued = sender.fill(other.localAddress())
                    val send = elsewhere { sender.send("late", other.localAddress()) }
                    parked(send)
                    repeat(queued) { other.receive().close() }
                    send.get()
                    other.receiveText() shouldBe "late"
                }
            }
        }
    }

    test("A20 a send that waits for somebody who then is another's alone is told so") {
        bound().use { receiver ->
            bound().use { friend ->
                unnamed().use { sender ->
                    sender.fill(receiver.localAddress())
                    val send = elsewhere { runCatching { sender.send("late", receiver.localAddress()) } }
                    parked(send)
                    receiver.tryConnect(friend.localAddress())
                    while (receiver.tryReceive()?.use { true } == true) {
                        // Makes room: whoever waits for it tries again.
                    }
                    (send.get().exceptionOrNull() as? SocketOpException)?.errno() shouldBe Errno.EPERM
                    sender.refusal(receiver.localAddress()).errno() shouldBe Errno.EPERM
                }
            }
        }
    }

    test("A26 no message is lost where there is no room, empty ones included") {
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
            }
        }
    }

    test("B12 a full receiver leaves the message and its buffer untouched") {
        bound().use { receiver ->
            unnamed().use { sender ->
                sender.fill(receiver.localAddress())
                for (buffer in listOf(bytes("payload"), java.nio.ByteBuffer.allocateDirect(7))) {
                    sender.trySend(buffer, receiver.localAddress()) shouldBe false
                    buffer.remaining() shouldBe 7
                }
                receiver.receive().close()
                val buffer = bytes("payload").asReadOnlyBuffer()
                sender.trySend(buffer, receiver.localAddress()) shouldBe true
                buffer.remaining() shouldBe 0
            }
        }
    }

    test("B13 waiting for one full target does not hold up the sends to another") {
        bound().use { full ->
            bound().use { free ->
                unnamed().use { sender ->
                    val queued = sender.fill(full.localAddress())
                    val waiting = List(5) { elsewhere { sender.send("late", full.localAddress()) } }
                    parked(*waiting.toTypedArray())
                    repeat(100) {
                        sender.send("$it", free.localAddress())
                        free.receiveText() shouldBe "$it"
                    }
                    repeat(queued + 5) { full.receive().close() }
                    waiting.forEach { it.get() }
                }
            }
        }
    }

    test("B13 senders of several sockets to one receiver all get their turn") {
        bound(maxDescriptors = 1).use { receiver ->
            OwnedFd.pipe().use { pipe ->
                val senders =
                    List(8) {
                        elsewhere {
                            unnamed().use { sender ->
                                repeat(100) { sender.send("x", receiver.localAddress(), pipe.reader()) }
                            }
                        }
                    }
                repeat(800) { receiver.receive().use { it.descriptorCount() shouldBe 1 } }
                senders.forEach { it.get() }
                receiver.tryReceive() shouldBe null
            }
        }
    }
})

/** CPU time of the loop's thread. */
private fun threadCpuMillis(socket: UnixDgramSocket): Long {
    val name = socket.eventLoop().name()
    val thread = Thread.getAllStackTraces().keys.single { it.name == name }
    return java.lang.management.ManagementFactory.getThreadMXBean().getThreadCpuTime(thread.id) / 1_000_000
}
