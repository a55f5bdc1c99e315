package dev.ancilla.testkit

import dev.ancilla.Ancillary
import dev.ancilla.Datagram
import dev.ancilla.DgramListener
import dev.ancilla.DgramSocket
import dev.ancilla.Message
import dev.ancilla.ReceiveBatch
import dev.ancilla.SendBatch
import dev.ancilla.Socket
import dev.ancilla.coroutines.asCoroutineDispatcher
import dev.ancilla.coroutines.connect
import dev.ancilla.coroutines.receive
import dev.ancilla.coroutines.receiveBatch
import dev.ancilla.coroutines.send
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.launch
import java.io.InterruptedIOException
import java.lang.reflect.Method
import java.net.SocketAddress
import java.nio.ByteBuffer
import java.nio.channels.ClosedChannelException
import java.util.concurrent.CancellationException
import java.util.concurrent.CompletableFuture
import kotlin.concurrent.thread
import kotlin.reflect.KClass

/**
 * How a test calls the library. Each starts the call and returns at once; the test waits for the end,
 * or gives the call up.
 */
internal sealed class Style(private val label: String) {
    /** What a call that was given up throws. */
    open val givenUp: KClass<out Throwable> get() = CancellationException::class

    abstract fun receive(socket: DgramSocket): Call<Datagram>

    abstract fun send(socket: DgramSocket, message: Message): Call<Unit>

    abstract fun receiveBatch(socket: DgramSocket, batch: ReceiveBatch): Call<Int>

    abstract fun sendBatch(socket: DgramSocket, batch: SendBatch): Call<Unit>

    abstract fun connect(socket: DgramSocket, address: SocketAddress): Call<Unit>

    final override fun toString() = label

    companion object {
        /** Every style this JVM has. */
        val all: List<Style> by lazy {
            listOfNotNull(
                Blocking("blocking") { work -> thread(isDaemon = true, name = "caller") { work.run() } },
                virtualThreads()?.let { start ->
                    Blocking("blocking on a virtual thread") { work -> start.invoke(null, work) as Thread }
                },
                Async,
                Suspending("suspending") { Dispatchers.Default },
                Suspending("suspending on the event loop") { it.eventLoop().asCoroutineDispatcher() },
                Listening,
            )
        }

        /** Those that can wait for room: a listener only receives. */
        val sending: List<Style> by lazy { all - Listening }

        /** Those that have batches: a listener gets one message at a time. */
        val batching: List<Style> get() = sending

        val blocking: Style get() = all.first()

        /** By reflection, for virtual threads came with JDK 21. */
        private fun virtualThreads(): Method? = runCatching {
            Thread::class.java.getMethod(
                "startVirtualThread",
                Runnable::class.java,
            )
        }.getOrNull()
    }
}

/** A call that waits on a thread of its own, and is given up by interrupting that. */
internal class Blocking(label: String, private val start: (Runnable) -> Thread) : Style(label) {
    override val givenUp get() = InterruptedIOException::class

    override fun receive(socket: DgramSocket) = call("receive") { socket.blocking().receive() }

    override fun send(socket: DgramSocket, message: Message) =
        call("send") { socket.blocking().send(message) }

    override fun receiveBatch(socket: DgramSocket, batch: ReceiveBatch) =
        call("receiveBatch") { socket.blocking().receiveBatch(batch) }

    override fun sendBatch(socket: DgramSocket, batch: SendBatch) =
        call("send(batch)") { socket.blocking().send(batch) }

    override fun connect(socket: DgramSocket, address: SocketAddress) =
        call("connect") { socket.blocking().connect(address, null) }

    fun <T> call(what: String, work: () -> T): Call<T> {
        val outcome = CompletableFuture<T>()
        val caller =
            start {
                try {
                    outcome.complete(work())
                } catch (e: InterruptedIOException) {
                    val kept = Thread.currentThread().isInterrupted
                    outcome.completeExceptionally(
                        if (kept) e else AssertionError("interrupt status was cleared", e),
                    )
                } catch (e: Throwable) {
                    outcome.completeExceptionally(e)
                }
            }
        return Call("$what ($this)", outcome, caller::interrupt)
    }
}

/** A call that returns a future, and is given up by cancelling that. */
internal data object Async : Style("async") {
    override fun receive(socket: DgramSocket) = call("receive", socket.async().receive()) { it as Datagram }

    override fun send(socket: DgramSocket, message: Message) = call("send", socket.async().send(message)) { }

    override fun receiveBatch(socket: DgramSocket, batch: ReceiveBatch) =
        call("receiveBatch", socket.async().receiveBatch(batch)) { it as Int }

    override fun sendBatch(socket: DgramSocket, batch: SendBatch) =
        call("send(batch)", socket.async().send(batch)) { }

    override fun connect(socket: DgramSocket, address: SocketAddress) =
        call("connect", socket.async().connect(address)) { }

    /** A future without a value completes with null, which Kotlin has no type for. */
    fun <T> call(what: String, future: CompletableFuture<*>, convert: (Any?) -> T): Call<T> {
        // Not a dependent stage, which would wrap what the call threw.
        val outcome = CompletableFuture<T>()
        future.whenComplete { result, failure ->
            if (failure == null) outcome.complete(convert(result)) else outcome.completeExceptionally(failure)
        }
        return Call("$what ($this)", outcome) { future.cancel(true) }
    }
}

/** A call of a coroutine, which is given up by cancelling its job. */
internal class Suspending(
    label: String,
    private val on: (Socket) -> CoroutineDispatcher,
) : Style(label) {
    override fun receive(socket: DgramSocket) = call("receive", socket) { socket.receive() }

    override fun send(socket: DgramSocket, message: Message) = call("send", socket) { socket.send(message) }

    override fun receiveBatch(socket: DgramSocket, batch: ReceiveBatch) =
        call("receiveBatch", socket) { socket.receiveBatch(batch) }

    override fun sendBatch(socket: DgramSocket, batch: SendBatch) =
        call("send(batch)", socket) { socket.send(batch) }

    override fun connect(socket: DgramSocket, address: SocketAddress) =
        call("connect", socket) { socket.connect(address) }

    fun <T> call(what: String, socket: Socket, work: suspend () -> T): Call<T> {
        val outcome = CompletableFuture<T>()
        val job =
            CoroutineScope(on(socket)).launch {
                try {
                    outcome.complete(work())
                } catch (e: Throwable) {
                    outcome.completeExceptionally(e)
                }
            }
        // A coroutine that was cancelled before it began runs not at all.
        job.invokeOnCompletion {
            outcome.completeExceptionally(it ?: IllegalStateException("ended without a result"))
        }
        return Call("$what ($this)", outcome, job::cancel)
    }
}

/** One message for a listener; it sends with futures, as event-driven programs do. */
internal data object Listening : Style("listener") {
    override fun receive(socket: DgramSocket): Call<Datagram> {
        val outcome = CompletableFuture<Datagram>()
        val listener = OneMessage(outcome)
        try {
            val subscription = socket.listen(listener)
            listener.stop.complete { subscription.close() }
            return Call("receive ($this)", outcome) {
                listener.cancelled = true
                subscription.close()
            }
        } catch (e: ClosedChannelException) {
            outcome.completeExceptionally(e)
            return Call("receive ($this)", outcome) { }
        }
    }

    override fun send(socket: DgramSocket, message: Message) = Async.send(socket, message)

    override fun receiveBatch(socket: DgramSocket, batch: ReceiveBatch) = Async.receiveBatch(socket, batch)

    override fun sendBatch(socket: DgramSocket, batch: SendBatch) = Async.sendBatch(socket, batch)

    override fun connect(socket: DgramSocket, address: SocketAddress) = Async.connect(socket, address)

    private class OneMessage(private val outcome: CompletableFuture<Datagram>) : DgramListener {
        val stop = CompletableFuture<() -> Unit>()

        @Volatile
        var cancelled = false

        override fun onMessage(socket: DgramSocket, datagram: Datagram) {
            stop.join("listen")()
            val kept = datagram.ancillary().let(::taken)
            val copy = Datagram(ByteBuffer.wrap(datagram.bytes()), datagram.sender(), kept, datagram.size())
            if (!outcome.complete(copy)) copy.close()
        }

        /** What outlives the callback: UDP has no descriptors, and Unix datagrams no packet info. */
        private fun taken(ancillary: Ancillary): Ancillary {
            ancillary.packetInfo()?.let { return Ancillary.received(it, ancillary.timestamp()) }
            return Ancillary.received(
                ancillary.takeAll(),
                ancillary.credentials(),
                ancillary.truncated(),
                ancillary.timestamp(),
                ancillary.pidfd()?.run { ancillary.takePidfd() },
            )
        }

        override fun onError(socket: DgramSocket, error: Throwable) {
            outcome.completeExceptionally(error)
            stop.join("listen")()
        }

        override fun onClose(socket: DgramSocket) {
            outcome.completeExceptionally(
                if (cancelled) CancellationException() else ClosedChannelException(),
            )
        }
    }
}
