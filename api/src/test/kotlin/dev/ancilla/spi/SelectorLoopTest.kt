package dev.ancilla.spi

import dev.ancilla.EventLoop
import dev.ancilla.scripted.Logged
import dev.ancilla.scripted.call
import dev.ancilla.scripted.leavesNoDescriptors
import dev.ancilla.scripted.waitFor
import dev.ancilla.scripted.whileBusy
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.collections.shouldContainExactlyInAnyOrder
import io.kotest.matchers.comparables.shouldBeLessThanOrEqualTo
import io.kotest.matchers.shouldBe
import java.io.IOException
import java.nio.ByteBuffer
import java.nio.channels.Pipe
import java.nio.channels.SelectionKey
import java.nio.channels.Selector
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import java.util.concurrent.atomic.AtomicIntegerArray

class SelectorLoopTest : FunSpec({
    leavesNoDescriptors()

    val names = AtomicInteger()

    fun newLoop() = SelectorLoop("test-loop-${names.incrementAndGet()}", Selector::open, false)

    fun threadOf(loop: SelectorLoop) = Thread.getAllStackTraces().keys.find { it.name == loop.name() }

    /** A pipe whose reading end a loop watches. */
    class Watched(val loop: SelectorLoop) : AutoCloseable {
        val pipe: Pipe = Pipe.open().apply { source().configureBlocking(false) }
        val watch = loop.apply { attach() }.watch(pipe.source())

        fun write() = pipe.sink().write(ByteBuffer.wrap(byteArrayOf(1)))

        override fun close() {
            pipe.source().close()
            pipe.sink().close()
            watch.close()
            loop.detach()
        }
    }

    test("a wait fires once, on the loop, when there is something") {
        Watched(newLoop()).use { watched ->
            val threads = CopyOnWriteArrayList<String>()
            watched.watch.arm(Interest.READ) { threads += Thread.currentThread().name }
            watched.loop.call {}
            threads.size shouldBe 0
            watched.write()
            waitFor(listOf(watched.loop.name())) { threads.toList() }
            repeat(5) { watched.loop.call {} }
            threads.size shouldBe 1
        }
    }

    test("a wait for what is there already fires too, and again when armed again") {
        Watched(newLoop()).use { watched ->
            watched.write()
            val fired = AtomicInteger()
            repeat(20) {
                watched.watch.arm(Interest.READ) { fired.incrementAndGet() }
                waitFor(it + 1) { fired.get() }
            }
        }
    }

    test("a wait that was cancelled does not fire") {
        Watched(newLoop()).use { watched ->
            val fired = AtomicInteger()
            val wait = watched.watch.arm(Interest.READ) { fired.incrementAndGet() }
            repeat(2) { wait.cancel() }
            watched.write()
            repeat(5) { watched.loop.call {} }
            fired.get() shouldBe 0
        }
    }

    test("while something is left every waiter is woken, the first first") {
        Watched(newLoop()).use { watched ->
            val woken = CopyOnWriteArrayList<Int>()
            repeat(3) { n -> watched.watch.arm(Interest.READ) { woken += n } }
            watched.write()
            waitFor(3) { woken.size }
            woken shouldContainExactly listOf(0, 1, 2)
        }
    }

    test("a waiter that gives up after its wake leaves it to the next") {
        Watched(newLoop()).use { watched ->
            watched.write()
            val first = AtomicInteger()
            watched.watch.arm(Interest.READ) { first.incrementAndGet() }.also { wait ->
                waitFor(1) { first.get() }
                wait.cancel()
            }
            val second = AtomicInteger()
            watched.watch.arm(Interest.READ) { second.incrementAndGet() }
            waitFor(1) { second.get() }
        }
    }

    test("both directions of one channel are waited for apart") {
        val loop = newLoop()
        loop.attach()
        java.nio.channels.DatagramChannel.open().use { channel ->
            channel.configureBlocking(false)
            channel.bind(java.net.InetSocketAddress(java.net.InetAddress.getLoopbackAddress(), 0))
            val watch = loop.watch(channel)
            val read = AtomicInteger()
            val write = AtomicInteger()
            watch.arm(Interest.READ) { read.incrementAndGet() }
            watch.arm(Interest.WRITE) { write.incrementAndGet() }
            waitFor(1) { write.get() }
            loop.call {}
            read.get() shouldBe 0
            channel.send(ByteBuffer.allocate(1), channel.localAddress)
            waitFor(1) { read.get() }
            write.get() shouldBe 1
            watch.close()
        }
        loop.detach()
    }

    test("no wait is missed, whether the selector still looks for it or has stopped just now") {
        Watched(newLoop()).use { watched ->
            val room = ByteBuffer.allocate(1)
            val source = watched.pipe.source()
            repeat(5_000) { round ->
                val writer = if (round % 2 == 0) null else Thread { watched.write() }.apply { start() }
                // So what was written is sometimes found while nobody waits, and sometimes not.
                repeat(round % 100 * 20) { Thread.onSpinWait() }
                var written = writer != null
                do { // A wake may still be for what was read meanwhile.
                    val fired = CountDownLatch(1)
                    watched.watch.arm(Interest.READ, fired::countDown)
                    if (!written) watched.write()
                    written = true
                    fired.await(20, TimeUnit.SECONDS) shouldBe true
                } while (source.read(room.clear()) == 0)
                writer?.join()
            }
        }
    }

    test("closing a watch fires every wait, and what is armed later at once") {
        val watched = Watched(newLoop())
        val fired = AtomicInteger()
        repeat(3) { watched.watch.arm(Interest.READ) { fired.incrementAndGet() } }
        watched.close()
        waitFor(3) { fired.get() }
        watched.watch.arm(Interest.READ) { fired.incrementAndGet() }
        waitFor(4) { fired.get() }
    }

    test("a wait that races the close fires exactly once") {
        val loop = newLoop()
        loop.attach()
        repeat(2_000) {
            Watched(loop).use { watched ->
                val fired = AtomicInteger()
                val closer = Thread { watched.watch.close() }
                closer.start()
                watched.watch.arm(Interest.READ) { fired.incrementAndGet() }
                closer.join()
                repeat(2) { loop.call {} }
                fired.get() shouldBe 1
            }
        }
        loop.detach()
    }

    test("closing a channel under a flood of wakes is no failure of the loop") {
        val loop = newLoop()
        loop.attach()
        Logged(SelectorLoop::class.java.name).use { log ->
            repeat(300) {
                val watched = Watched(loop)
                watched.write()
                val rearm =
                    object : Runnable {
                        override fun run() {
                            if (watched.pipe.source().isOpen) watched.watch.arm(Interest.READ, this)
                        }
                    }
                repeat(4) { watched.watch.arm(Interest.READ, rearm) }
                loop.call {}
                watched.close()
            }
            loop.call {}
            log.records.map { it.thrown } shouldBe emptyList()
        }
        loop.detach()
    }

    test("the thread starts with the first wait, ends with the last socket, and starts again") {
        // Often: a wake-up that came too late for one selector once kept the next from waking.
        val loop = newLoop()
        repeat(300) {
            Watched(loop).use { watched ->
                threadOf(loop) shouldBe null
                val fired = AtomicInteger()
                watched.watch.arm(Interest.READ) { fired.incrementAndGet() }
                threadOf(loop)?.isDaemon shouldBe true
                watched.write()
                waitFor(1) { fired.get() }
            }
            waitFor(null) { threadOf(loop) }
        }
    }

    test("a socket that never waited starts no thread, not even when it is closed") {
        var started = 0
        val loop =
            SelectorLoop(
                "never-started",
                {
                    started++
                    Selector.open()
                },
                false,
            )
        Watched(loop).close()
        started shouldBe 1
        threadOf(loop) shouldBe null
    }

    test("no task is lost, from however many threads, and each thread's run in order") {
        for (attached in listOf(true, false)) {
            val loop = newLoop()
            if (attached) loop.attach()
            val perThread = 5_000
            val done = List(8) { ConcurrentLinkedQueue<Int>() }
            val threads =
                done.map { mine ->
                    Thread {
                        repeat(perThread) { n ->
                            loop.execute { mine += n }
                            // Without a socket the thread ends and starts again in between.
                            if (n % 50 == 0) Thread.sleep(0, 1_000)
                        }
                    }.apply { start() }
                }
            threads.forEach { it.join() }
            waitFor(8 * perThread) { done.sumOf { it.size } }
            for (mine in done) mine.toList() shouldContainExactly List(perThread) { it }
            if (attached) loop.detach()
            waitFor(null) { threadOf(loop) }
        }
    }

    test("what a task or a wake throws is logged, and the loop lives") {
        Logged(SelectorLoop::class.java.name).use { log ->
            Watched(newLoop()).use { watched ->
                watched.loop.execute { error("task") }
                watched.loop.execute { throw AssertionError("error of a task") }
                val fired = AtomicInteger()
                watched.watch.arm(Interest.READ) { throw NoClassDefFoundError("error of a wake") }
                watched.watch.arm(Interest.READ) { fired.incrementAndGet() }
                watched.write()
                waitFor(1) { fired.get() }
                watched.loop.call { 42 } shouldBe 42
            }
            log.records.map { it.thrown.message } shouldContainExactlyInAnyOrder
                listOf("task", "error of a task", "error of a wake")
        }
    }

    test("a task that throws what Java would have to declare does not end the loop") {
        Logged(SelectorLoop::class.java.name).use { log ->
            Watched(newLoop()).use { watched ->
                watched.loop.execute { throw IOException("task") }
                watched.watch.arm(Interest.READ) { throw Exception("wake") }
                watched.write()
                waitFor(2) { log.records.size }
                watched.loop.call { 42 } shouldBe 42
            }
        }
    }

    test("a logger that fails too does not end the loop") {
        Logged(SelectorLoop::class.java.name) { throw InternalError("no time zones") }.use { log ->
            Watched(newLoop()).use { watched ->
                watched.loop.execute { error("task") }
                watched.watch.arm(Interest.READ) { error("wake") }
                watched.write()
                waitFor(2) { log.records.size }
                watched.loop.call { 42 } shouldBe 42
            }
        }
    }

    test("an interrupt of the loop's thread is ignored") {
        Watched(newLoop()).use { watched ->
            val fired = AtomicInteger()
            watched.watch.arm(Interest.READ) { fired.incrementAndGet() }
            val thread = threadOf(watched.loop)!!
            repeat(3) { thread.interrupt() }
            thread.isInterrupted shouldBe false
            watched.loop.call { Thread.currentThread().interrupt() }
            watched.write()
            waitFor(1) { fired.get() }
            watched.pipe.source().isOpen shouldBe true
        }
    }

    test("many tasks wake the selector once") {
        val wakeups = AtomicInteger()
        val loop = SelectorLoop("coalescing", { CountingSelector(Selector.open(), wakeups) }, false)
        loop.attach()
        val ran = AtomicInteger()
        loop.whileBusy {
            val before = wakeups.get()
            repeat(1_000) { loop.execute { ran.incrementAndGet() } }
            wakeups.get() - before shouldBeLessThanOrEqualTo 1
        }
        waitFor(1_000) { ran.get() }
        loop.detach()
    }

    test("a turn has a budget of 32 attempts, and the next one has it again") {
        val loop = newLoop()
        loop.attach()
        loop.call { List(EventLoop.BUDGET + 2) { loop.spend() } } shouldBe
            List(EventLoop.BUDGET) { true } + listOf(false, false)
        loop.call { loop.spend() } shouldBe true
        loop.inLoop() shouldBe false
        loop.call { loop.inLoop() } shouldBe true
        loop.detach()
    }

    test("what a task adds runs after what the selector has found meanwhile") {
        Watched(newLoop()).use { watched ->
            val order = CopyOnWriteArrayList<String>()
            watched.loop.call {
                watched.write()
                watched.watch.arm(Interest.READ) { order += "wake" }
                watched.loop.execute { order += "task" }
            }
            waitFor(listOf("wake", "task")) { order.toList() }
        }
    }
})

/** Counts the wake-ups of a real selector. */
private class CountingSelector(private val real: Selector, private val wakeups: AtomicInteger) : Selector() {
    override fun isOpen() = real.isOpen

    override fun provider() = real.provider()

    override fun keys(): Set<SelectionKey> = real.keys()

    override fun selectedKeys(): MutableSet<SelectionKey> = real.selectedKeys()

    override fun selectNow() = real.selectNow()

    override fun select(timeout: Long) = real.select(timeout)

    override fun select() = real.select()

    override fun wakeup(): Selector {
        wakeups.incrementAndGet()
        real.wakeup()
        return this
    }

    override fun close() = real.close()
}
