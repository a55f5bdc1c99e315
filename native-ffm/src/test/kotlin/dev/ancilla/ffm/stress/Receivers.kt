package dev.ancilla.ffm.stress

import dev.ancilla.Datagram
import dev.ancilla.DgramListener
import dev.ancilla.DgramSocket
import dev.ancilla.ReceiveBatch
import dev.ancilla.coroutines.channel
import dev.ancilla.coroutines.incoming
import dev.ancilla.coroutines.receive
import dev.ancilla.coroutines.receiveBatch
import dev.ancilla.coroutines.receiveOrNull
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.take
import java.util.concurrent.CompletableFuture
import java.util.concurrent.locks.LockSupport
import kotlin.random.Random
import kotlin.time.Duration.Companion.microseconds

/** One that receives until its socket is closed, in one of the calling styles. */
internal class Receiver(private val route: Route, random: Random, private val nuisance: Nuisance) {
    private val tasks = Tasks(route, nuisance, random)
    private val random = tasks.random
    private val socket = route.receiver
    private val seen = route.Watermarks()

    fun start(): CompletableFuture<Unit> = when (random.nextInt(if (route.lossy) 12 else 11)) {
        0 -> tasks.onThread(virtual = false, ::blocking)
        1 -> tasks.onThread(virtual = true, ::blocking)
        2 -> tasks.onThread(virtual = false, ::polling)
        3 -> tasks.onLoop(socket.eventLoop(), 1 + random.nextInt(3), ::async)
        4 -> tasks.coroutine(socket.eventLoop(), ::suspending)
        5 -> tasks.coroutine(null, ::suspending)
        6 -> listening()
        7 -> tasks.coroutine(if (random.nextBoolean()) socket.eventLoop() else null, ::flow)
        8 -> tasks.onThread(random.nextBoolean(), ::batches)
        9 -> tasks.coroutine(if (random.nextBoolean()) socket.eventLoop() else null, ::suspendingBatches)
        10 -> asyncBatches()
        else -> tasks.coroutine(if (random.nextBoolean()) socket.eventLoop() else null, ::channel)
    }

    private fun blocking() {
        while (true) tasks.mayBeGivenUp { seen.accept(socket.blocking().receive(tasks.timeout())) }
    }

    private fun polling() {
        while (true) socket.tryReceive()?.let(seen::accept) ?: LockSupport.parkNanos(50_000)
    }

    private fun async(end: CompletableFuture<Unit>) {
        val receive = socket.async().receive()
        if (random.nextInt(8) == 0) nuisance.later { receive.cancel(true) }
        receive.whenComplete { datagram, failure ->
            val take = { seen.accept(datagram) }
            tasks.completed(end, socket.eventLoop(), receive, failure, take) { async(end) }
        }
    }

    private suspend fun suspending() {
        while (true) {
            when (random.nextInt(8)) {
                0 -> tasks.within(300) { seen.accept(socket.receive()) }
                1 -> tasks.cancelled { seen.accept(socket.receive()) }
                2 -> socket.receiveOrNull(random.nextInt(1000).microseconds)?.let(seen::accept)
                3 -> socket.receiveBatch(1 + random.nextInt(64)).forEach(seen::accept)
                else -> seen.accept(socket.receive())
            }
        }
    }

    private suspend fun flow() {
        while (socket.isOpen) {
            when (random.nextInt(4)) {
                0 -> tasks.within(1000) { socket.incoming().collect(seen::accept) }
                1 -> tasks.cancelled { socket.incoming().collect(seen::accept) }
                else -> socket.incoming().take(1 + random.nextInt(50)).collect(seen::accept)
            }
        }
    }

    /** What its buffer holds when it is cancelled is lost. */
    private suspend fun channel() = coroutineScope {
        while (socket.isOpen) {
            val channel = socket.channel(this, 1 + random.nextInt(64))
            nuisance.later(channel::close)
            try {
                for (datagram in channel.incoming) seen.accept(datagram)
            } catch (_: CancellationException) {
                ensureActive() // It was the channel.
            }
        }
    }

    private fun listening(): CompletableFuture<Unit> {
        val end = CompletableFuture<Unit>()
        val listener =
            object : DgramListener {
                override fun onMessage(socket: DgramSocket, datagram: Datagram) {
                    seen.accept(datagram)
                    if (random.nextInt(64) == 0) disturb()
                }

                override fun onError(socket: DgramSocket, error: Throwable) {
                    if (!route.expects(error)) end.completeExceptionally(error)
                }

                override fun onClose(socket: DgramSocket) = tasks.guarded(end) {
                    if (socket.isOpen) listen() else end.complete(Unit)
                }

                @Volatile
                private var disturbance: () -> Unit = {}

                fun disturb() = disturbance()

                fun listen() {
                    val subscription = socket.listen(this)
                    disturbance = {
                        if (random.nextBoolean()) {
                            subscription.pause()
                            nuisance.later(subscription::resume)
                        } else {
                            nuisance.later(subscription::close)
                        }
                    }
                }
            }
        tasks.guarded(end) { listener.listen() }
        return end
    }

    /** A batch, which on a route that may lose messages somebody closes at any moment, and a new one then. */
    private inner class Batch : AutoCloseable {
        // Before the batch, whose closing writes it.
        @Volatile
        private var closed = false
        private var batch = make()

        private fun make(): ReceiveBatch {
            closed = false
            val bytes = if (random.nextInt(4) == 0) 64 else 2048
            val made = socket.newReceiveBatch(1 + random.nextInt(64), bytes)
            if (route.lossy) {
                nuisance.later {
                    closed = true
                    made.close()
                    route.tally.batchesClosed.incrementAndGet()
                }
            }
            return made
        }

        inline fun exchange(receive: (ReceiveBatch) -> Int) {
            val used = batch
            try {
                val count = receive(used)
                for (i in 0 until count) {
                    check(!used.truncated(i)) { "a message of a batch is truncated" }
                    seen.accept(used.payload(i), used.size(i), used.sender(i), used.ancillary(i))
                }
            } catch (e: Throwable) {
                if (!refused(e)) throw e
            }
        }

        /** Whether a failure comes from a batch that was closed, which is then replaced. */
        fun refused(failure: Throwable): Boolean {
            // What could be read of a closed batch must be right all the same.
            if (!closed || failure is WrongMessage || route.expects(failure)) return false
            batch = make()
            return true
        }

        override fun close() = batch.close()

        fun current(): ReceiveBatch = batch
    }

    private fun batches() = Batch().use { batch ->
        while (true) {
            tasks.mayBeGivenUp { batch.exchange { socket.blocking().receiveBatch(it, tasks.timeout()) } }
        }
    }

    private suspend fun suspendingBatches() = Batch().use { batch ->
        while (true) {
            when (random.nextInt(4)) {
                0 -> tasks.within(500) { batch.exchange { socket.receiveBatch(it) } }
                1 -> tasks.cancelled { batch.exchange { socket.receiveBatch(it) } }
                else -> batch.exchange { socket.receiveBatch(it) }
            }
        }
    }

    private fun asyncBatches(): CompletableFuture<Unit> {
        val batch = Batch()
        val end = tasks.onLoop(socket.eventLoop(), 1) { asyncBatch(it, batch) }
        return end.whenComplete { _, _ -> batch.close() }
    }

    private fun asyncBatch(end: CompletableFuture<Unit>, batch: Batch) {
        val receive = socket.async().receiveBatch(batch.current())
        if (random.nextInt(8) == 0) nuisance.later { receive.cancel(true) }
        receive.whenComplete { count, failure ->
            val refused = failure != null && !receive.isCancelled && batch.refused(failure)
            tasks.completed(
                end,
                socket.eventLoop(),
                receive,
                failure.takeUnless { refused },
                { if (!refused) batch.exchange { count } },
            ) { asyncBatch(end, batch) }
        }
    }
}
