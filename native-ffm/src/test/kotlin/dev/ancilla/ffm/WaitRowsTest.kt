package dev.ancilla.ffm

import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.spi.Interest
import dev.ancilla.testkit.cpuPercent
import io.kotest.matchers.collections.shouldContainExactlyInAnyOrder
import io.kotest.matchers.longs.shouldBeLessThan
import io.kotest.matchers.shouldBe
import java.io.InterruptedIOException
import java.nio.ByteBuffer
import java.time.Duration
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicBoolean
import java.util.concurrent.atomic.AtomicInteger
import java.util.logging.Handler
import java.util.logging.LogRecord
import java.util.logging.Logger
import kotlin.concurrent.thread

private const val HAMMERED = 400

/** Makes a call until it ends otherwise than by an interrupt. */
private fun <T> despiteInterrupts(call: () -> T): T {
    while (true) {
        try {
            return call()
        } catch (again: InterruptedIOException) {
            Thread.interrupted()
        }
    }
}

/** Interrupts threads as fast as it can while they work. */
private fun <T> hammering(victims: () -> List<Thread>, block: () -> T): T {
    val done = AtomicBoolean()
    val hammer = thread(isDaemon = true) { while (!done.get()) victims().forEach { it.interrupt() } }
    try {
        return block()
    } finally {
        done.set(true)
        hammer.join()
    }
}

/** Waiting: what hangs, spins or dies with junixsocket, and does not with native-ffm. */
class WaitRowsTest : RowSpec({
    row("A23 two hundred thousand wakes while the loop is busy do not hang it") {
        bound().use { socket ->
            val ran = AtomicInteger()
            val busy = CountDownLatch(1)
            socket.eventLoop().execute { busy.await(20, TimeUnit.SECONDS) }
            elsewhere { repeat(200_000) { socket.eventLoop().execute { ran.incrementAndGet() } } }.get()
            busy.countDown()
            until("the tasks ran") { ran.get() == 200_000 }
        }
    }

    for (virtual in listOf(false, true)) {
        val kind = if (virtual) "virtual" else "platform"

        row("A24 $kind threads that wait to receive and to send use no CPU") {
            bound().use { socket ->
                bound().use { full ->
                    val queued = socket.fill(full.localAddress())
                    val receive = elsewhere(virtual) { socket.receiveText() }
                    val send = elsewhere(virtual) { socket.send("late", full.localAddress()) }
                    parked(receive, send)
                    cpuPercent() shouldBeLessThan 30
                    socket.send("wake up", socket.localAddress())
                    receive.get() shouldBe "wake up"
                    repeat(queued) { full.receiveText() shouldBe "fill ${it + 1}" }
                    send.get()
                    full.receiveText() shouldBe "late"
                }
            }
        }

        row("A24 an empty message that a $kind thread sends is one message") {
            bound().use { receiver ->
                elsewhere(virtual) { unnamed().use { it.send("", receiver.localAddress()) } }.get()
                receiver.receive().use { it.size() shouldBe 0 }
                receiver.tryReceive() shouldBe null
            }
        }

        row("A25 a $kind thread whose interrupt flag is set can try, and the flag and the socket stay") {
            bound().use { socket ->
                elsewhere(virtual) {
                    Thread.currentThread().interrupt()
                    socket.tryReceive() shouldBe null
                    socket.trySend(Message.of("x").to(socket.localAddress())) shouldBe true
                    socket.trySend(Message.empty().to(socket.localAddress())) shouldBe true
                    socket.tryReceive()?.use { it.text() } shouldBe "x"
                    socket.tryReceive()?.use { it.text() } shouldBe ""
                    socket.tryConnect(socket.localAddress())
                    socket.disconnect()
                    Thread.currentThread().isInterrupted shouldBe true
                }.get()
                socket.send("still here", socket.localAddress())
                socket.receiveText() shouldBe "still here"
            }
        }

        row("A25 $kind threads under a hammer of interrupts lose and double nothing") {
            bound(maxDescriptors = 1).use { socket ->
                val received = ConcurrentLinkedQueue<String>()
                val receivers =
                    List(4) {
                        elsewhere(virtual) {
                            repeat(HAMMERED / 4) {
                                despiteInterrupts { socket.receive() }.use { datagram ->
                                    received.add("${datagram.text()} with ${datagram.fileText()}")
                                }
                            }
                        }
                    }
                val senders =
                    List(2) { sender ->
                        elsewhere(virtual) {
                            unnamed().use { own ->
                                repeat(HAMMERED / 2) {
                                    val text = "$sender-$it"
                                    // Not a file of the JDK's, whose channel an interrupt would close.
                                    OwnedFd.memfd("own").use { file ->
                                        file.channel().write(ByteBuffer.wrap(text.toByteArray()))
                                        despiteInterrupts { own.send(text, socket.localAddress(), file) }
                                    }
                                }
                            }
                        }
                    }
                hammering({ (receivers + senders).map { it.thread } }) {
                    (receivers + senders).forEach { it.get() }
                }
                received shouldContainExactlyInAnyOrder
                    List(HAMMERED) { "${it / (HAMMERED / 2)}-${it % (HAMMERED / 2)}" }.map { "$it with $it" }
                socket.tryReceive() shouldBe null
            }
        }
    }

    row("a task that fails, and a logger that does too, do not end the loop") {
        val logger = Logger.getLogger(EpollLoop::class.java.name)
        val failing =
            object : Handler() {
                val published = AtomicInteger()

                override fun publish(record: LogRecord) {
                    published.incrementAndGet()
                    throw InternalError("no time zones")
                }

                override fun flush() {}

                override fun close() {}
            }
        logger.useParentHandlers = false
        logger.addHandler(failing)
        try {
            bound().use { socket ->
                socket.eventLoop().execute { error("task") }
                socket.readiness().arm(Interest.READ) { error("wake") }
                socket.send("x", socket.localAddress())
                until("both were logged") { failing.published.get() == 2 }
                val ran = CountDownLatch(1)
                socket.eventLoop().execute(ran::countDown)
                ran.await(20, TimeUnit.SECONDS) shouldBe true
            }
        } finally {
            logger.removeHandler(failing)
            logger.useParentHandlers = true
        }
    }

    row("A24 waiting virtual threads hold no carrier") {
        bound().use { socket ->
            val waiting = List(100) { elsewhere(virtual = true) { socket.receiveText() } }
            parked(*waiting.toTypedArray())
            // There are far fewer carriers than that.
            elsewhere(virtual = true) { "ran" }.get() shouldBe "ran"
            repeat(100) { socket.send("$it", socket.localAddress()) }
            waiting.map { it.get() } shouldContainExactlyInAnyOrder List(100) { "$it" }
        }
    }

    row("A24 a platform thread's blocking send waits while a virtual thread waits on the same socket") {
        bound().use { receiver ->
            bound().use { socket ->
                val queued = socket.fill(receiver.localAddress())
                val parkedReceive = elsewhere(virtual = true) { socket.receiveText() }
                parked(parkedReceive)
                val send = elsewhere { socket.send("late", receiver.localAddress()) }
                parked(send)
                repeat(queued) { receiver.receiveText() shouldBe "fill ${it + 1}" }
                send.get()
                receiver.receiveText() shouldBe "late"
                socket.blocking().send(Message.of("enough").to(socket.localAddress()), Duration.ofSeconds(20))
                parkedReceive.get() shouldBe "enough"
            }
        }
    }
})
