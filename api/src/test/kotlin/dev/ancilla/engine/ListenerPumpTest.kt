package dev.ancilla.engine

import dev.ancilla.Datagram
import dev.ancilla.DgramListener
import dev.ancilla.DgramSocket
import dev.ancilla.Errno
import dev.ancilla.EventLoop
import dev.ancilla.SocketOpException
import dev.ancilla.Subscription
import dev.ancilla.scripted.Logged
import dev.ancilla.scripted.ScriptedFd
import dev.ancilla.scripted.ScriptedTransport
import dev.ancilla.scripted.call
import dev.ancilla.scripted.socketOver
import dev.ancilla.scripted.waitFor
import dev.ancilla.scripted.whileBusy
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.comparables.shouldBeLessThanOrEqualTo
import io.kotest.matchers.shouldBe
import io.kotest.matchers.types.shouldBeInstanceOf
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.atomic.AtomicInteger

class ListenerPumpTest : FunSpec({
    /** Notes every callback. */
    open class Notes(val onText: (DgramSocket, String) -> Unit = { _, _ -> }) : DgramListener {
        val texts = CopyOnWriteArrayList<String>()
        val errors = CopyOnWriteArrayList<Throwable>()
        val closes = AtomicInteger()
        val threads = CopyOnWriteArrayList<String>()

        override fun onMessage(socket: DgramSocket, datagram: Datagram) {
            threads += Thread.currentThread().name
            texts += datagram.text()
            onText(socket, datagram.text())
        }

        override fun onError(socket: DgramSocket, error: Throwable) {
            errors += error
        }

        override fun onClose(socket: DgramSocket) {
            closes.incrementAndGet()
        }
    }

    test("messages are delivered in order, on the loop") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val notes = Notes()
            transport.arrive("0")
            socket.listen(notes)
            repeat(99) { transport.arrive("${it + 1}") }
            waitFor(100) { notes.texts.size }
            notes.texts shouldContainExactly List(100) { "$it" }
            notes.threads.toSet() shouldBe setOf("scripted-loop")
        }
    }

    test("other work gets its turn after at most 32 messages") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            repeat(200) { transport.arrive("x") }
            val seen = AtomicInteger(-1)
            val notes = Notes()
            transport.loop.whileBusy {
                socket.listen(notes)
                transport.loop.execute { seen.set(notes.texts.size) }
            }
            waitFor(200) { notes.texts.size }
            seen.get() shouldBeLessThanOrEqualTo EventLoop.BUDGET
        }
    }

    test("while paused nothing is received, and resuming goes on with what waited") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val notes = Notes()
            val subscription = socket.listen(notes)
            waitFor(1) { transport.armed() }
            subscription.pause()
            subscription.pause()
            waitFor(0) { transport.armed() }
            repeat(3) { transport.arrive("$it") }
            transport.loop.call {}
            val attempts = transport.receiveAttempts.get()
            transport.loop.call {}
            transport.receiveAttempts.get() shouldBe attempts
            notes.texts.size shouldBe 0

            subscription.resume()
            subscription.resume()
            waitFor(3) { notes.texts.size }
            waitFor(1) { transport.armed() }
        }
    }

    test("pausing inside a callback takes effect before the next message") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            lateinit var subscription: Subscription
            val notes = Notes { _, _ -> subscription.pause() }
            transport.loop.call {
                repeat(3) { transport.arrive("$it") }
                subscription = socket.listen(notes)
            }
            waitFor(1) { notes.texts.size }
            transport.loop.call {}
            transport.loop.call {}
            notes.texts shouldContainExactly listOf("0")
            subscription.resume()
            waitFor(2) { notes.texts.size }
        }
    }

    test("pausing and resuming again and again leaves one wait, even if the old ones fire late") {
        val transport = ScriptedTransport(lateWakes = true)
        socketOver(transport).use { socket ->
            val notes = Notes()
            val subscription = socket.listen(notes)
            waitFor(1) { transport.armed() }
            repeat(20) {
                transport.loop.call {
                    subscription.pause()
                    subscription.resume()
                }
                transport.loop.call {}
                transport.loop.call {}
            }
            waitFor(1) { transport.armed() }
            transport.arrive("x")
            waitFor(listOf("x")) { notes.texts.toList() }
        }
    }

    test("what a callback throws goes to onError, and the next message is delivered") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val notes =
                Notes { _, text ->
                    if (text == "exception") throw IllegalStateException(text)
                    if (text == "error") throw AssertionError(text)
                }
            socket.listen(notes)
            listOf("exception", "error", "good").forEach { transport.arrive(it) }
            waitFor(listOf("exception", "error", "good")) { notes.texts.toList() }
            notes.errors.map { it.message } shouldContainExactly listOf("exception", "error")
        }
    }

    test("an error of the socket goes to onError, and listening goes on") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val notes = Notes()
            socket.listen(notes)
            transport.refuseReceive(Errno.ECONNREFUSED)
            transport.arrive("after")
            waitFor(listOf("after")) { notes.texts.toList() }
            notes.errors.single().shouldBeInstanceOf<SocketOpException>().errno() shouldBe Errno.ECONNREFUSED
        }
    }

    test("an Error of an attempt goes to onError too, and listening goes on") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val notes = Notes()
            socket.listen(notes)
            transport.step { throw OutOfMemoryError("direct buffer memory, says the test") }
            waitFor(1) { notes.errors.size }
            notes.errors.single().shouldBeInstanceOf<OutOfMemoryError>()
            transport.arrive("after")
            waitFor(listOf("after")) { notes.texts.toList() }
        }
    }

    test("callbacks that throw where nobody listens are logged, and the loop lives") {
        val transport = ScriptedTransport()
        Logged(Subscription::class.java.name).use { log ->
            socketOver(transport).use { socket ->
                val notes =
                    object : Notes({ _, _ -> error("onMessage") }) {
                        override fun onError(socket: DgramSocket, error: Throwable): Unit =
                            throw AssertionError("onError")

                        override fun onClose(socket: DgramSocket): Unit = error("onClose")
                    }
                socket.listen(notes)
                repeat(2) { transport.arrive("$it") }
                waitFor(2) { notes.texts.size }
            }
            waitFor(listOf("onError", "onError", "onClose")) { log.records.map { it.thrown?.message } }
            log.records.map { it.message }.toSet() shouldBe setOf("a listener failed")
        }
    }

    test("without onError an exception is logged") {
        val transport = ScriptedTransport()
        Logged(DgramListener::class.java.name).use { log ->
            socketOver(transport).use { socket ->
                socket.listen { _, _ -> error("unheard") }
                transport.arrive("x")
                waitFor(listOf("unheard")) { log.records.map { it.thrown?.message } }
            }
        }
    }

    test("a message is closed after its callback, but for what was taken") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val left = ScriptedFd()
            val taken = ScriptedFd()
            val kept = CopyOnWriteArrayList<dev.ancilla.OwnedFd>()
            val done = AtomicInteger()
            socket.listen { _, datagram ->
                if (datagram.text() == "take") kept += datagram.ancillary().take()
                done.incrementAndGet()
            }
            transport.arrive("take", taken, left)
            waitFor(1) { left.closes.get() }
            done.get() shouldBe 1
            taken.closes.get() shouldBe 0
            kept.single().close()
            taken.closes.get() shouldBe 1
        }
    }

    test("closing the subscription inside a callback ends delivery and leaves the messages to others") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            lateinit var subscription: Subscription
            val notes = Notes { _, _ -> subscription.close() }
            transport.loop.call {
                repeat(3) { transport.arrive("$it") }
                subscription = socket.listen(notes)
            }
            waitFor(1) { notes.closes.get() }
            notes.texts shouldContainExactly listOf("0")
            socket.isOpen shouldBe true
            socket.tryReceive()?.text() shouldBe "1"
        }
    }

    test("closing the socket inside a callback ends delivery") {
        val transport = ScriptedTransport()
        val socket = socketOver(transport)
        val notes = Notes { it, _ -> it.close() }
        transport.loop.call {
            repeat(3) { transport.arrive("$it") }
            socket.listen(notes)
        }
        waitFor(1) { notes.closes.get() }
        notes.texts shouldContainExactly listOf("0")
        notes.errors.size shouldBe 0
    }

    test("onClose comes once, whatever is closed and how often") {
        val transport = ScriptedTransport()
        val socket = socketOver(transport)
        val notes = Notes()
        val subscription = socket.listen(notes)
        repeat(3) { subscription.close() }
        repeat(3) { socket.close() }
        subscription.close()
        subscription.resume()
        waitFor(1) { notes.closes.get() }
        transport.loop.call {}
        transport.loop.call {}
        notes.closes.get() shouldBe 1
    }

    test("a paused listener is told of the end too") {
        val transport = ScriptedTransport()
        val socket = socketOver(transport)
        val notes = Notes()
        socket.listen(notes).pause()
        socket.close()
        waitFor(1) { notes.closes.get() }
    }
})
