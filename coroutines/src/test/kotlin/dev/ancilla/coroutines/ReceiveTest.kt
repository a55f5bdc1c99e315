package dev.ancilla.coroutines

import dev.ancilla.Errno
import dev.ancilla.EventLoop
import dev.ancilla.Message
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UdpSocket
import dev.ancilla.coroutines.samples.receiveWithin
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.collections.shouldContainExactlyInAnyOrder
import io.kotest.matchers.comparables.shouldBeLessThanOrEqualTo
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import java.net.InetAddress
import java.net.InetSocketAddress
import java.nio.channels.ClosedChannelException
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.Executor
import java.util.concurrent.Executors
import java.util.concurrent.atomic.AtomicInteger
import kotlin.random.Random
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

class ReceiveTest : FunSpec({
    timeout = 60_000

    fun UdpSocket.sendToSelf(text: String) = trySend(Message.of(text).to(localAddress())) shouldBe true

    suspend fun DirectedUdp.awaitArmed(count: Int) = waitUntil { armed.get() >= count }

    test("a receive suspends until a message arrives") {
        val udp = DirectedUdp()
        udp.socket().use { socket ->
            coroutineScope {
                val text = async { socket.receive().text() }
                udp.awaitArmed(1)
                text.isCompleted shouldBe false
                socket.sendToSelf("hello")
                text.await() shouldBe "hello"
            }
        }
    }

    test("each of several coroutines gets one message") {
        val udp = DirectedUdp()
        udp.socket().use { socket ->
            coroutineScope {
                val texts = List(10) { async(Dispatchers.Default) { socket.receive().text() } }
                udp.awaitArmed(10)
                repeat(10) { socket.sendToSelf("$it") }
                texts.awaitAll() shouldContainExactlyInAnyOrder List(10) { "$it" }
            }
        }
    }

    test("closing the socket ends a receive that waits") {
        val udp = DirectedUdp()
        val socket = udp.socket()
        coroutineScope {
            val failure = async { shouldThrow<ClosedChannelException> { socket.receive() } }
            udp.awaitArmed(1)
            socket.close()
            failure.await().message shouldBe "receive: the socket is closed"
        }
        shouldThrow<ClosedChannelException> { socket.receive() }
    }

    test("an error of the socket is thrown, wherever the attempt was made, and the socket lives") {
        for (loopOnly in listOf(false, true)) {
            val nobody = Sockets.udp().bind(InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            val target = nobody.localAddress()
            nobody.close()
            DirectedUdp(loopOnly).socket().use { socket ->
                socket.connect(target)
                socket.send("x")
                withTimeout(30.seconds) {
                    shouldThrow<SocketOpException> { socket.receive() }.errno() shouldBe Errno.ECONNREFUSED
                }
                socket.isOpen shouldBe true
            }
        }
    }

    test("a cancelled coroutine receives nothing, even when a message is there") {
        DirectedUdp().socket().use { socket ->
            socket.sendToSelf("kept")
            waitUntil { socket.readable() }
            coroutineScope {
                launch(start = CoroutineStart.UNDISPATCHED) {
                    coroutineContext[Job]!!.cancel()
                    socket.receive()
                    error("a cancelled call has returned")
                }
            }
            socket.receive().text() shouldBe "kept"
        }
    }

    test("a receive cancelled while it waits leaves the message to the next") {
        val udp = DirectedUdp()
        udp.socket().use { socket ->
            coroutineScope {
                val job = launch { socket.receive() }
                udp.awaitArmed(1)
                job.cancel()
                job.join()
                udp.cancelled.get() shouldBe 1
                socket.sendToSelf("kept")
                socket.receive().text() shouldBe "kept"
            }
        }
    }

    test("a receive cancelled after its wake and before its turn wakes the next") {
        val udp = DirectedUdp()
        val turns = ConcurrentLinkedQueue<Runnable>()
        udp.socket().use { socket ->
            coroutineScope {
                val job = launch(Executor { turns += it }.asCoroutineDispatcher()) { socket.receive() }
                turns.remove().run()
                udp.awaitArmed(1)
                val next = async(Dispatchers.Default) { socket.receive().text() }
                udp.awaitArmed(2)
                socket.sendToSelf("for the next")
                waitUntil { turns.isNotEmpty() } // Woken; its turn has not come.
                job.cancel()
                while (!job.isCompleted) turns.poll()?.run()
                waitUntil { udp.cancelled.get() >= 1 }
                next.await() shouldBe "for the next"
            }
        }
    }

    test("10,000 cancels at any moment lose no message and duplicate none") {
        for (loopOnly in listOf(false, true)) {
            val udp = DirectedUdp(loopOnly)
            udp.socket().use { socket ->
                val got = CopyOnWriteArrayList<Int>()
                val sent = AtomicInteger()
                val random = Random(7)
                var cancels = 0
                while (cancels < 5_000) {
                    // Few are under way at a time: UDP would lose what does not fit its buffer.
                    if (random.nextInt(4) == 0 && sent.get() - got.size < 20) {
                        socket.sendToSelf("${sent.getAndIncrement()}")
                    }
                    coroutineScope {
                        val job = launch(Dispatchers.Default) { got += socket.receive().text().toInt() }
                        repeat(random.nextInt(400)) { Thread.onSpinWait() }
                        job.cancel()
                        job.join()
                        if (job.isCancelled) cancels++
                    }
                }
                withTimeout(30.seconds) {
                    while (got.size < sent.get()) got += socket.receive().text().toInt()
                }
                got shouldContainExactly List(sent.get()) { it }
                socket.tryReceive() shouldBe null
            }
        }
    }

    test("timeouts lose no message") {
        val udp = DirectedUdp()
        udp.socket().use { socket ->
            val got = ArrayList<Int>()
            val count = 300
            coroutineScope {
                launch(Dispatchers.Default) {
                    repeat(count) {
                        socket.sendToSelf("$it")
                        kotlinx.coroutines.delay(Random.nextInt(3).milliseconds)
                    }
                }
                withTimeout(30.seconds) {
                    while (got.size < count) {
                        receiveWithin(socket, 1.milliseconds)?.use { got += it.text().toInt() }
                    }
                }
            }
            got shouldContainExactly List(count) { it }
        }
    }

    test("attempts that must be made on the loop block no thread of the caller's dispatcher") {
        val udp = DirectedUdp(loopOnly = true)
        Executors.newSingleThreadExecutor().asCoroutineDispatcher().use { single ->
            udp.socket().use { socket ->
                socket.sendToSelf("hello")
                coroutineScope {
                    val text =
                        udp.loop.whileBusy {
                            val text = async(single) { socket.receive().text() }
                            withTimeout(
                                30.seconds,
                            ) { withContext(single) { text.isCompleted shouldBe false } }
                            text
                        }
                    text.await() shouldBe "hello"
                }
                udp.attemptThreads.toSet() shouldBe setOf("udp-loop")
            }
        }
    }

    test("a message that the loop receives for a call that is being cancelled reaches it") {
        val udp = DirectedUdp(loopOnly = true)
        udp.socket().use { socket ->
            socket.sendToSelf("claimed")
            val got = CopyOnWriteArrayList<String>()
            coroutineScope {
                udp.loop.whileBusy {
                    val job = launch(start = CoroutineStart.UNDISPATCHED) { got += socket.receive().text() }
                    job.cancel()
                }
            }
            got shouldContainExactly listOf("claimed")
        }
    }

    test("under a flood other coroutines of the loop get their turn") {
        val udp = DirectedUdp()
        udp.socket().use { socket ->
            val count = 100
            repeat(count) { socket.sendToSelf("$it") }
            val received = AtomicInteger()
            var seen = -1
            withContext(udp.loop.asCoroutineDispatcher()) {
                launch {
                    repeat(count) {
                        socket.receive()
                        received.incrementAndGet()
                    }
                }
                launch { seen = received.get() }
            }
            received.get() shouldBe count
            seen shouldBeLessThanOrEqualTo EventLoop.BUDGET
            udp.attemptThreads.toSet() shouldBe setOf("udp-loop")
        }
    }

    test("under a flood a cancelled coroutine ends") {
        DirectedUdp().socket().use { socket ->
            coroutineScope {
                val started = AtomicInteger()
                val flooded =
                    launch(Dispatchers.Default) {
                        while (true) {
                            socket.sendToSelf("x")
                            socket.receive()
                            started.incrementAndGet()
                        }
                    }
                waitUntil { started.get() > 100 }
                flooded.cancel()
                withTimeout(30.seconds) { flooded.join() }
            }
        }
    }
})

private fun ((Runnable) -> Unit).asDispatcher() = java.util.concurrent
    .Executor {
        this(it)
    }.asCoroutineDispatcher()

/** Whether an attempt is worth making, without making one. */
private fun UdpSocket.readable(): Boolean {
    val woken = java.util.concurrent.CountDownLatch(1)
    val wait = readiness().arm(dev.ancilla.spi.Interest.READ) { woken.countDown() }
    return woken.await(1, java.util.concurrent.TimeUnit.SECONDS).also { wait.cancel() }
}
