package dev.ancilla.junix

import dev.ancilla.Message
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import io.kotest.matchers.shouldBe
import java.net.InetAddress
import java.net.InetSocketAddress
import java.nio.channels.ClosedChannelException
import java.time.Duration
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger

private fun loopThread() = Thread.getAllStackTraces().keys.any { it.name == "ancilla-native-junix" }

/** What the event loop makes of junixsocket's selector. */
class LoopTest : RowSpec({
    test("A23 a hundred thousand wakes while the loop is busy do not hang it") {
        bound().use { socket ->
            val ran = AtomicInteger()
            val busy = CountDownLatch(1)
            socket.eventLoop().execute { busy.await(20, TimeUnit.SECONDS) }
            elsewhere { repeat(100_000) { socket.eventLoop().execute { ran.incrementAndGet() } } }.get()
            busy.countDown()
            until("the tasks ran") { ran.get() == 100_000 }
        }
    }

    test("D1 Unix sockets and UDP sockets wait side by side") {
        Sockets.udp().bind(InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).use { udp ->
            bound().use { unix ->
                val receives =
                    listOf(
                        elsewhere { udp.blocking().receive(Duration.ofSeconds(20)).use { it.text() } },
                        elsewhere { unix.receiveText() },
                    )
                parked(*receives.toTypedArray())
                udp.blocking().send(Message.of("over UDP").to(udp.localAddress()))
                unix.send("over Unix", unix.localAddress())
                receives.map { it.get() } shouldBe listOf("over UDP", "over Unix")
            }
        }
    }

    test("two loops that send over each other's sockets do not wait for each other") {
        bound().use { receiver ->
            val loops = List(2) { Sockets.unixDgram().newEventLoop("loop $it") }
            val sockets = loops.map { Sockets.unixDgram().eventLoop(it).open() }
            val both = CountDownLatch(2)
            val sent = AtomicInteger()
            for ((loop, other) in loops.zip(sockets.reversed())) {
                loop.execute {
                    both.countDown()
                    both.await(20, TimeUnit.SECONDS)
                    if (other.trySend(Message.of("x").to(receiver.localAddress()))) sent.incrementAndGet()
                }
            }
            until("both have sent") { sent.get() == 2 }
            sockets.forEach { it.close() }
        }
    }

    test("D2 a wait that begins while the loop selects is noticed") {
        repeat(200) {
            bound().use { socket ->
                val receive = elsewhere { socket.receiveText() }
                if (it % 2 == 0) parked(receive)
                socket.send("x", socket.localAddress())
                receive.get() shouldBe "x"
            }
        }
    }

    test("D3 closing a socket wakes everybody who waits on it") {
        bound().use { target ->
            val socket = bound()
            socket.fill(target.localAddress())
            val receives = List(3) { elsewhere { runCatching { socket.receiveText() }.exceptionOrNull() } }
            val sends =
                List(3) {
                    elsewhere { runCatching { socket.send("late", target.localAddress()) }.exceptionOrNull() }
                }
            val futures =
                listOf(
                    socket.async().receive(),
                    socket.async().send(Message.of("late").to(target.localAddress())),
                )
            parked(*receives.toTypedArray(), *sends.toTypedArray())
            socket.close()
            (receives + sends).forEach { (it.get() is ClosedChannelException) shouldBe true }
            futures.forEach { future ->
                val failure = future.handle { _, failure -> failure }.get(20, TimeUnit.SECONDS)
                (failure is ClosedChannelException) shouldBe true
            }
        }
    }

    test("D3 a send that begins to wait while its socket closes is woken") {
        bound().use { target ->
            repeat(300) {
                val socket = unnamed()
                socket.fill(target.localAddress())
                val send =
                    elsewhere { runCatching { socket.send("late", target.localAddress()) }.exceptionOrNull() }
                until("the attempt is made") { send.thread.state != Thread.State.NEW }
                socket.close()
                (send.get() is ClosedChannelException) shouldBe true
            }
        }
    }

    test("D3 the loop ends whenever its last socket has closed") {
        repeat(500) { round ->
            bound().use { socket ->
                socket.send("x", socket.localAddress())
                socket.receiveText() shouldBe "x"
            }
            // Every other time the next socket comes while the thread of the last one ends.
            if (round % 2 == 0) until("the thread ends") { !loopThread() }
        }
        until("the thread ends") { !loopThread() }
    }

    test("D4 each of 300 sockets is told about its own message") {
        val sockets = List(300) { bound() }
        try {
            val texts =
                sockets.map {
                    it.async().receive().thenApply { datagram ->
                        datagram.use { it.text() }
                    }
                }
            unnamed().use { sender ->
                sockets.indices.shuffled().forEach { sender.send("for $it", sockets[it].localAddress()) }
            }
            texts.map { it.get(20, TimeUnit.SECONDS) } shouldBe sockets.indices.map { "for $it" }
        } finally {
            sockets.forEach { it.close() }
        }
    }

    test("H2 a wait that was cancelled consumes nothing") {
        bound().use { socket ->
            repeat(200) { round ->
                val cancelled = socket.async().receive()
                val waiting = socket.async().receive()
                val send = elsewhere { socket.send("$round", socket.localAddress()) }
                val won = cancelled.cancel(false)
                send.get()
                val texts = listOf(cancelled, waiting).filterNot { it.isCancelled }
                texts.first().get(20, TimeUnit.SECONDS).use { it.text() } shouldBe "$round"
                if (!won) waiting.cancel(false) shouldBe true
            }
            socket.tryReceive() shouldBe null
        }
    }

    test("D4 an own loop serves its sockets and ends with them") {
        val loop = Sockets.unixDgram().newEventLoop("of my own")
        Sockets.unixDgram().eventLoop(loop).bind(UnixAddress.autobind()).use { socket ->
            val receive = elsewhere { socket.receiveText() }
            parked(receive)
            socket.send("x", socket.localAddress())
            receive.get() shouldBe "x"
        }
        until("the thread ends") { Thread.getAllStackTraces().keys.none { it.name == "of my own" } }
    }
})
