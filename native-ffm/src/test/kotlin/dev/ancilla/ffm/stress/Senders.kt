package dev.ancilla.ffm.stress

import dev.ancilla.Ancillary
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.SendBatch
import dev.ancilla.coroutines.send
import java.util.concurrent.CompletableFuture
import java.util.concurrent.locks.LockSupport
import kotlin.random.Random

/** One that sends its quota, in one of the calling styles. A call that was given up is made again. */
internal class Sender(
    private val route: Route,
    private val number: Int,
    random: Random,
    private val nuisance: Nuisance,
) {
    private val tasks = Tasks(route, nuisance, random)
    private val random = tasks.random
    private val socket = route.senders[number]
    private val letters = route.letters
    private val loop = socket.eventLoop()

    /** The next message; of the task alone, or of the loop. */
    private var next = 0

    private val isDone: Boolean get() = next >= route.quota

    fun start(): CompletableFuture<Unit> = when (random.nextInt(10)) {
        0 -> tasks.onThread(virtual = false, ::blocking)
        1 -> tasks.onThread(virtual = true, ::blocking)
        2 -> tasks.onThread(virtual = false, ::polling)
        3 -> tasks.onLoop(loop, 1, ::oneByOne)
        4 -> window()
        5 -> tasks.coroutine(loop, ::suspending)
        6 -> tasks.coroutine(null, ::suspending)
        7 -> tasks.onThread(random.nextBoolean(), ::batches)
        8 -> tasks.coroutine(if (random.nextBoolean()) loop else null, ::suspendingBatches)
        else -> asyncBatches()
    }

    private fun message(index: Int = next): Message =
        letters.message(Stamp(route.id, number, index)).to(route.target)

    private fun sent() {
        next++
        route.sent(number)
    }

    /** The same with descriptors of its own, which are closed as soon as the call has begun. */
    private inline fun <T> withOwnDescriptors(message: Message, call: (Message) -> T): T {
        val lent = message.ancillary().descriptors()
        if (lent.isEmpty() || random.nextInt(4) != 0) return call(message)
        val own = lent.map(OwnedFd::duplicate)
        try {
            return call(message.with(Ancillary.lend(own)))
        } finally {
            own.forEach(OwnedFd::close)
        }
    }

    private fun blocking() {
        while (!isDone) {
            val send = { message: Message -> socket.blocking().send(message, tasks.timeout()) }
            if (tasks.mayBeGivenUp { withOwnDescriptors(message(), send) }) sent()
        }
    }

    private fun polling() {
        while (!isDone) if (socket.trySend(message())) sent() else LockSupport.parkNanos(50_000)
    }

    private fun oneByOne(end: CompletableFuture<Unit>) {
        if (isDone) {
            end.complete(Unit)
            return
        }
        val send = withOwnDescriptors(message()) { socket.async().send(it) }
        if (random.nextInt(8) == 0) nuisance.later { send.cancel(true) }
        send.whenComplete { _, failure ->
            tasks.completed(end, loop, send, failure, ::sent) { oneByOne(end) }
        }
    }

    /** Several sends at a time, of which none is cancelled, for what comes behind would be early. */
    private fun window(): CompletableFuture<Unit> {
        var started = 0

        fun start(end: CompletableFuture<Unit>) {
            if (started == route.quota) return
            val send = withOwnDescriptors(message(started++)) { socket.async().send(it) }
            send.whenComplete { _, failure ->
                tasks.completed(
                    end,
                    loop,
                    send,
                    failure,
                    {
                        sent()
                        if (isDone) end.complete(Unit)
                    },
                ) { start(end) }
            }
        }
        return tasks.onLoop(loop, 1 + random.nextInt(16), ::start)
    }

    private suspend fun suspending() {
        while (!isDone) {
            when (random.nextInt(8)) {
                0 -> tasks.within(300) { sendOne() }
                1 -> tasks.cancelled { sendOne() }
                else -> sendOne()
            }
        }
    }

    /** Counts in the same step that sends: a cancellation cannot come between. */
    private suspend fun sendOne() {
        socket.send(message())
        sent()
    }

    /** A batch, which on a route that may lose messages somebody closes at any moment. */
    private inner class Batch : AutoCloseable {
        // Before the batch, whose closing writes it.
        @Volatile
        private var closed = false
        private var batch = make()
        private var filled = 0

        private fun make(): SendBatch {
            closed = false
            val made = socket.newSendBatch(1 + random.nextInt(64), if (random.nextInt(4) == 0) 64 else 2048)
            if (route.lossy) {
                nuisance.later {
                    closed = true
                    made.close()
                    route.tally.batchesClosed.incrementAndGet()
                }
            }
            return made
        }

        /** Adds what has room, in most cases. */
        fun fill(): SendBatch {
            val wanted = minOf(route.quota - next, 1 + random.nextInt(batch.capacity()))
            while (filled < wanted && batch.add(message(next + filled))) filled++
            return batch
        }

        /** Counts what has left the batch, also after a call that failed or was given up. */
        fun count() {
            if (closed) return
            val left = batch.count()
            if (closed) return
            val gone = filled - left
            repeat(gone) { sent() }
            filled = left
            if (filled > 0 && random.nextInt(8) == 0) {
                // What is dropped is added anew.
                batch.clear()
                if (!closed) filled = 0
            }
        }

        /** What was in it may have been sent or not; so the numbers are not used again. */
        fun refused(failure: Throwable): Boolean {
            if (!closed || route.expects(failure)) return false
            next += filled
            filled = 0
            batch = make()
            return true
        }

        inline fun exchange(send: (SendBatch) -> Unit) {
            try {
                try {
                    send(fill())
                } finally {
                    count()
                }
            } catch (e: Throwable) {
                if (!refused(e)) throw e
            }
        }

        override fun close() = batch.close()
    }

    private fun batches() = Batch().use { batch ->
        while (!isDone) tasks.mayBeGivenUp { batch.exchange { socket.blocking().send(it, tasks.timeout()) } }
    }

    private suspend fun suspendingBatches() = Batch().use { batch ->
        while (!isDone) {
            when (random.nextInt(4)) {
                0 -> tasks.within(500) { batch.exchange { socket.send(it) } }
                1 -> tasks.cancelled { batch.exchange { socket.send(it) } }
                else -> batch.exchange { socket.send(it) }
            }
        }
    }

    private fun asyncBatches(): CompletableFuture<Unit> {
        val batch = Batch()
        return tasks.onLoop(loop, 1) { asyncBatch(it, batch) }.whenComplete { _, _ -> batch.close() }
    }

    private fun asyncBatch(end: CompletableFuture<Unit>, batch: Batch) {
        if (isDone) {
            end.complete(Unit)
            return
        }
        val full =
            try {
                batch.fill()
            } catch (e: IllegalStateException) {
                if (!batch.refused(e)) throw e
                loop.execute { tasks.guarded(end) { asyncBatch(end, batch) } }
                return
            }
        val send = socket.async().send(full)
        if (random.nextInt(8) == 0) nuisance.later { send.cancel(true) }
        send.whenComplete { _, failure ->
            tasks.guarded(end) {
                // A call that was cancelled has come back on another thread.
                if (!loop.inLoop()) {
                    loop.execute { tasks.guarded(end) { asyncBatchEnded(end, batch, send, failure) } }
                } else {
                    asyncBatchEnded(end, batch, send, failure)
                }
            }
        }
    }

    private fun asyncBatchEnded(
        end: CompletableFuture<Unit>,
        batch: Batch,
        send: CompletableFuture<Void>,
        failure: Throwable?,
    ) {
        val refused = failure != null && !send.isCancelled && batch.refused(failure)
        if (!refused) batch.count()
        tasks.completed(end, loop, send, failure.takeUnless { refused }, { }) { asyncBatch(end, batch) }
    }
}
