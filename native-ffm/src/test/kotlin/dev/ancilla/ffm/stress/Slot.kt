package dev.ancilla.ffm.stress

import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.UnixDgramBuilder
import dev.ancilla.UnixDgramSocket
import java.nio.file.Path
import java.time.Duration
import java.util.concurrent.CompletableFuture
import java.util.concurrent.atomic.AtomicLong
import java.util.concurrent.locks.LockSupport
import kotlin.random.Random

private typealias Ends = List<CompletableFuture<Unit>>

/** One place, on which route follows route: each with other sockets, the same name, and other styles. */
internal class Slot(
    private val place: Int,
    private val random: Random,
    private val letters: Letters,
    private val tally: Tally,
    private val nuisance: Nuisance,
    private val directory: Path,
) {
    /** The route in use, for the watchdog. */
    @Volatile
    var route: Route? = null
        private set

    /** What ended unexpectedly; the same for the whole slot. */
    val failure = CompletableFuture<Nothing>()

    fun runUntil(over: () -> Boolean) {
        while (!over()) {
            val route = open()
            this.route = route
            if (route.lossy) runLossy(route) else runWhole(route)
            tally.routes.incrementAndGet()
            this.route = null
        }
    }

    private fun open(): Route {
        val name = if (random.nextBoolean()) null else "ancilla-stress-${numbers.incrementAndGet()}"
        val spin = if (random.nextInt(8) == 0) Duration.ofNanos(50_000) else Duration.ZERO
        val loop = name?.let { Sockets.unixDgram().newEventLoop(it, spin) }

        fun builder(): UnixDgramBuilder {
            val builder = Sockets.unixDgram().maxDescriptors(3)
            loop?.let(builder::eventLoop)
            return when (random.nextInt(4)) {
                0 -> builder.prefetch(0)
                1 -> builder.prefetch(1 + random.nextInt(16))
                else -> builder
            }
        }
        val count = 1 + random.nextInt(3)
        val quota = 20 + random.nextInt(1500)
        val lossy = random.nextInt(4) == 0
        val receiver: UnixDgramSocket
        val senders: List<UnixDgramSocket>
        var target: UnixAddress? = null
        val kind = random.nextInt(3)
        if (kind == 0) {
            val pair = builder().pair()
            receiver = pair.left()
            senders = List(count) { pair.right() }
        } else {
            val address =
                if (kind == 1) {
                    UnixAddress.path(directory.resolve("slot-$place"))
                } else {
                    UnixAddress.abstractName("ancilla-stress-${ProcessHandle.current().pid()}-$place")
                }
            receiver = builder().bind(address)
            val connected = random.nextBoolean()
            if (!connected) target = address
            val open = {
                val socket = builder().open()
                if (random.nextBoolean()) socket.bind(UnixAddress.autobind())
                if (connected) socket.tryConnect(address)
                socket
            }
            val shared = if (random.nextBoolean()) open() else null
            senders = List(count) { shared ?: open() }
        }
        val shape =
            listOf("pair", "path", "abstract")[kind] +
                (if (target == null) ", connected" else ", unconnected") +
                ", ${loop ?: "default loop"}" + (if (lossy) ", closed in use" else "")
        val id = numbers.incrementAndGet()
        return Route(id, letters, tally, receiver, senders, target, quota, lossy, shape)
    }

    /** Starts its receivers and its senders. */
    private fun start(route: Route): Pair<Ends, Ends> {
        fun watched(task: CompletableFuture<Unit>) = task.whenComplete { _, e ->
            if (e != null) failure.completeExceptionally(IllegalStateException("$route", e))
        }
        val receivers = List(1 + random.nextInt(3)) { watched(Receiver(route, random, nuisance).start()) }
        val senders = List(route.senders.size) { watched(Sender(route, it, random, nuisance).start()) }
        return receivers to senders
    }

    /** All is sent and received before anything is closed: each message arrives exactly once. */
    private fun runWhole(route: Route) {
        val (receivers, senders) = start(route)
        await(senders)
        while (route.received < route.sent) LockSupport.parkNanos(300_000)
        check(route.receiver.tryReceive() == null) { "a message came that was not sent, $route" }
        route.senders.forEach { check(it.queuedSends() == 0) { "a send is still queued, $route" } }
        route.closing = true
        close(listOf(route.receiver) + route.senders)
        await(receivers)
        route.expectComplete()
    }

    /** The sockets are closed at some moment, by several threads: each message arrives at most once. */
    private fun runLossy(route: Route) {
        val (receivers, senders) = start(route)
        val moment = random.nextInt(route.quota * route.senders.size)
        val patience = System.nanoTime() + 200_000_000
        while (route.received < moment && System.nanoTime() < patience) LockSupport.parkNanos(300_000)
        route.closing = true
        val sockets = listOf(route.receiver) + route.senders
        List(1 + random.nextInt(3)) { sockets.shuffled(random) }
            .map { mine -> Thread.ofPlatform().start { close(mine) } }
            .forEach(Thread::join)
        await(receivers + senders)
        tally.closedInUse.incrementAndGet()
    }

    private fun close(sockets: List<UnixDgramSocket>) {
        sockets.forEach(UnixDgramSocket::close)
        sockets.forEach { it.closed().toCompletableFuture().join() }
    }

    private fun await(tasks: Ends) {
        CompletableFuture.anyOf(CompletableFuture.allOf(*tasks.toTypedArray()), failure).join()
    }

    private companion object {
        val numbers = AtomicLong()
    }
}
