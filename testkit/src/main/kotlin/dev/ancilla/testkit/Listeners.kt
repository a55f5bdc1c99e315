package dev.ancilla.testkit

import dev.ancilla.Datagram
import dev.ancilla.DgramListener
import dev.ancilla.DgramSocket
import dev.ancilla.EventLoop
import dev.ancilla.Message
import dev.ancilla.coroutines.asCoroutineDispatcher
import dev.ancilla.coroutines.receive
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.ints.shouldBeLessThan
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.launch
import java.io.IOException
import java.time.Duration
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicBoolean
import java.util.concurrent.atomic.AtomicInteger
import kotlin.concurrent.thread

/** Callbacks, and the turns that the users of one loop give each other. */
internal fun ContractSpec.listeners() {
    scenario("a paused listener gets nothing, and what came meanwhile when it goes on") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        val got = LinkedBlockingQueue<String>()
        val subscription = receiver.listen { _, datagram -> got.add(datagram.text()) }
        sender.send("first")
        got.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS) shouldBe "first"

        repeat(2) { subscription.pause() }
        sender.send("second")
        got.poll(WATCHING_MILLIS, TimeUnit.MILLISECONDS) shouldBe null
        repeat(2) { subscription.resume() }

        got.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS) shouldBe "second"
    }

    scenario(
        "a listener whose callbacks throw what Java would have to declare goes on, and so does its loop",
    ) {
        val receiver = bound()
        val sender = connectedTo(receiver)
        val got = LinkedBlockingQueue<String>()
        val failing =
            object : DgramListener {
                override fun onMessage(socket: DgramSocket, datagram: Datagram) {
                    got.add(datagram.text())
                    throw IOException("onMessage")
                }

                override fun onError(socket: DgramSocket, error: Throwable) {
                    got.add("${error.message}")
                    throw IOException("onError")
                }
            }
        receiver.listen(failing)
        receiver.eventLoop().execute { throw IOException("task") }
        repeat(3) {
            sender.send("$it")
            got.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS) shouldBe "$it"
            got.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS) shouldBe "onMessage"
        }
    }

    scenario("a listener that ends leaves the socket and its messages to others, and is told once") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        val log = LinkedBlockingQueue<String>()
        val subscription =
            receiver.listen(
                object : DgramListener {
                    override fun onMessage(socket: DgramSocket, datagram: Datagram) {
                        log.add(datagram.text())
                    }

                    override fun onClose(socket: DgramSocket) {
                        log.add("closed")
                    }
                },
            )
        sender.send("mine")
        log.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS) shouldBe "mine"

        repeat(2) { subscription.close() }
        log.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS) shouldBe "closed"
        sender.send("yours")

        receiver.receiveText() shouldBe "yours"
        receiver.close()
        Thread.sleep(WATCHING_MILLIS)
        log.toList().shouldContainExactly()
    }

    for ((how, consume) in consumers) {
        scenario(
            "row91 at most 32 messages are taken in a turn of the loop, then others have theirs ($how)",
        ) {
            val receiver = bound()
            val sinceTurn = AtomicInteger()
            val most = AtomicInteger()
            val taken = AtomicInteger()
            val sender = connectedTo(receiver)
            repeat(200) { sender.trySend(Message.of("queued")) }

            flood(receiver) {
                otherTask(receiver.eventLoop()) { sinceTurn.set(0) }.use {
                    consume(receiver) {
                        most.accumulateAndGet(sinceTurn.incrementAndGet(), Math::max)
                        taken.incrementAndGet()
                    }
                    until("the flood is taken") { taken.get() > 3_000 }
                }
            }
            // The other task stands somewhere within a turn: what was taken after it, and before it in the next.
            most.get() shouldBeLessThan 2 * EventLoop.BUDGET
        }

        scenario("a flooded socket does not starve another on its loop ($how)") {
            val loop = newEventLoop("shared")
            val flooded = bound(Wish(loop = loop))
            val quiet = bound(Wish(loop = loop))
            val taken = AtomicInteger()

            flood(flooded) {
                consume(flooded) { taken.incrementAndGet() }
                repeat(20) { round ->
                    val before = taken.get()
                    until("the flood goes on") { taken.get() > before }
                    val heard = Async.receive(quiet)
                    bound(Wish(loop = newEventLoop("other"))).use {
                        it.blocking().send(Message.of("$round").to(quiet.localAddress()))
                    }
                    heard.await().use(Datagram::text) shouldBe "$round"
                }
            }
        }
    }
}

/** The ways to take messages on the loop's own thread, each of which ends with the socket. */
private val consumers: Map<String, (DgramSocket, () -> Unit) -> Unit> =
    mapOf(
        "listener" to { socket, taken -> socket.listen { _, _ -> taken() } },
        "async" to { socket, taken ->
            fun next() {
                socket.async().receive().thenAccept {
                    taken()
                    next()
                }
            }
            next()
        },
        "suspending on the event loop" to { socket, taken ->
            CoroutineScope(socket.eventLoop().asCoroutineDispatcher()).launch {
                try {
                    while (true) socket.receive().use { taken() }
                } catch (_: IOException) {
                    // The socket was closed.
                }
            }
        },
    )

/** Sends to [receiver] without a pause, from threads of their own and over loops of their own. */
private fun Scene.flood(receiver: DgramSocket, during: () -> Unit) {
    val stop = AtomicBoolean()
    val senders =
        List(2) { number ->
            val sender = connectedTo(receiver, Wish(loop = newEventLoop("flood-$number")))
            thread(name = "flood") {
                try {
                    while (!stop.get()) {
                        sender.blocking().send(
                            Message.of("flood"),
                            Duration.ofMillis(PATIENCE_MILLIS),
                        )
                    }
                } catch (_: IOException) {
                    // The receiver is gone.
                }
            }
        }
    try {
        during()
    } finally {
        stop.set(true)
        receiver.close()
        senders.forEach(Thread::join)
    }
}

/** Runs [turn] on the loop again and again, until it is closed. */
internal fun otherTask(loop: EventLoop, turn: () -> Unit): AutoCloseable {
    val stop = AtomicBoolean()

    fun again() {
        turn()
        if (!stop.get()) loop.execute(::again)
    }
    loop.execute(::again)
    return AutoCloseable { stop.set(true) }
}
