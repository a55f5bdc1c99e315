package dev.ancilla.junix

import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.testkit.cpuPercent
import io.kotest.matchers.collections.shouldContainExactlyInAnyOrder
import io.kotest.matchers.comparables.shouldBeLessThan
import io.kotest.matchers.shouldBe
import java.io.InterruptedIOException
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.atomic.AtomicBoolean
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

/** Interrupts end waits and nothing else. */
class InterruptTest : RowSpec({
    test("A25 a thread whose interrupt flag is set can try, and its flag stays") {
        bound(maxDescriptors = 1).use { socket ->
            val file = fileWith("!")
            elsewhere {
                Thread.currentThread().interrupt()
                socket.tryReceive() shouldBe null
                socket.trySend(Message.of("x").to(socket.localAddress())) shouldBe true
                socket.trySend(Message.empty().to(socket.localAddress())) shouldBe true
                socket.trySend(Message.of("with").with(file).to(socket.localAddress())) shouldBe true
                socket.trySend(Message.empty().with(file).to(socket.localAddress())) shouldBe true
                socket.tryReceive()?.use { it.text() } shouldBe "x"
                socket.tryReceive()?.use { it.text() } shouldBe ""
                repeat(2) {
                    socket.tryReceive()?.use { it.ancillary().descriptors().size } shouldBe 1
                }
                socket.tryConnect(socket.localAddress())
                socket.disconnect()
                Thread.currentThread().isInterrupted shouldBe true
            }.get()
            file.close()
            socket.send("still here", socket.localAddress())
            socket.receiveText() shouldBe "still here"
        }
    }

    test("H3 four hundred receives under a hammer of interrupts lose and double nothing") {
        bound(maxDescriptors = 1).use { socket ->
            unnamed().use { sender ->
                // Read later: an interrupt in the channel of a file closes the file.
                val received = ConcurrentLinkedQueue<Pair<String, OwnedFd>>()
                val receivers =
                    List(4) {
                        elsewhere {
                            repeat(HAMMERED / 4) {
                                val datagram = despiteInterrupts { socket.receive() }
                                datagram.use { received.add(it.text() to it.ancillary().take()) }
                            }
                        }
                    }
                hammering({ receivers.map { it.thread } }) {
                    fileWith("!").use { file ->
                        repeat(HAMMERED) {
                            sender.send("$it", socket.localAddress(), file)
                            // Every other message finds the receivers waiting already.
                            if (it % 2 == 0) Thread.sleep(1)
                        }
                    }
                    receivers.forEach { it.get() }
                }
                val texts = received.map { (text, file) -> text + file.use { it.readText() } }
                texts shouldContainExactlyInAnyOrder List(HAMMERED) { "$it!" }
                socket.tryReceive() shouldBe null
            }
        }
    }

    test("H3 four hundred sends under a hammer of interrupts lose and double nothing") {
        bound(maxDescriptors = 1).use { socket ->
            val target = socket.localAddress()
            unnamed().use { shared ->
                val senders =
                    List(4) { sender ->
                        elsewhere {
                            fileWith("!").use { file ->
                                repeat(HAMMERED / 4) {
                                    despiteInterrupts { shared.send("$sender-$it", target, file) }
                                }
                            }
                        }
                    }
                val received =
                    hammering({ senders.map { it.thread } }) {
                        val texts = List(HAMMERED) { socket.receiveText() }
                        senders.forEach { it.get() }
                        texts
                    }
                val sent = List(HAMMERED) { "${it / (HAMMERED / 4)}-${it % (HAMMERED / 4)}" }
                received shouldContainExactlyInAnyOrder sent
                socket.tryReceive() shouldBe null
            }
        }
    }

    test("A24 a thread that waits to receive uses no CPU, a virtual one where there are such") {
        bound().use { socket ->
            var text = ""
            val wait = Runnable { text = socket.receiveText() }
            val waiter = startVirtually(wait)
            until("the thread waits") { waiter.isWaiting() }
            cpuPercent() shouldBeLessThan 30
            socket.send("wake up", socket.localAddress())
            waiter.join(20_000)
            text shouldBe "wake up"
        }
    }
})

/** The tests are built for a JDK that has no virtual threads yet. */
private fun startVirtually(task: Runnable): Thread {
    if (Runtime.version().feature() < 21) {
        println("A24: this JDK has no virtual threads, so a platform thread waits")
        return Thread(task).apply { start() }
    }
    val start = Thread::class.java.getMethod("startVirtualThread", Runnable::class.java)
    return start.invoke(null, task) as Thread
}
