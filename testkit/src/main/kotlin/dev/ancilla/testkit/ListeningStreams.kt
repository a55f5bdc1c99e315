package dev.ancilla.testkit

import dev.ancilla.Ancillary
import dev.ancilla.OwnedFd
import dev.ancilla.Server
import dev.ancilla.ServerListener
import dev.ancilla.StreamListener
import dev.ancilla.StreamRead
import dev.ancilla.StreamSocket
import dev.ancilla.Subscription
import dev.ancilla.UnixAddress
import java.io.EOFException
import java.io.IOException
import java.net.ProtocolException
import java.nio.ByteBuffer
import java.nio.channels.ClosedChannelException
import java.util.concurrent.CancellationException
import java.util.concurrent.CompletableFuture

/** One read for a listener, or one connection; it connects and writes with futures, as [Listening] sends. */
internal data object ListeningStreams : StreamStyle {
    override val givenUp get() = Listening.givenUp

    override fun connect(socket: StreamSocket, address: UnixAddress) = AsyncStreams.connect(socket, address)

    override fun write(socket: StreamSocket, sources: List<ByteBuffer>, ancillary: Ancillary) =
        AsyncStreams.write(socket, sources, ancillary)

    override fun end(socket: StreamSocket, sources: List<ByteBuffer>, ancillary: Ancillary) =
        AsyncStreams.end(socket, sources, ancillary)

    override fun read(socket: StreamSocket, targets: List<ByteBuffer>): Call<StreamRead> =
        listen("read", socket, PlainRead(targets))

    override fun readExactly(socket: StreamSocket, target: ByteBuffer, descriptors: Int): Call<Ancillary> =
        listen("readExactly", socket, ExactRead(target, descriptors))

    private fun <T> listen(what: String, socket: StreamSocket, once: Once<T>): Call<T> = Call(
        "$what ($this)",
        once.outcome,
        try {
            once.stoppedBy(socket.listen(once))
        } catch (e: IOException) {
            once.outcome.completeExceptionally(e)
            val nothing = {}
            nothing
        },
    )

    override fun accept(server: Server<StreamSocket>): Call<StreamSocket> {
        val outcome = CompletableFuture<StreamSocket>()
        val stop = CompletableFuture<Subscription>()
        val listener =
            object : ServerListener<StreamSocket> {
                override fun onConnection(server: Server<StreamSocket>, connection: StreamSocket) {
                    stop.join("listen").close()
                    if (!outcome.complete(connection)) connection.close()
                }

                override fun onError(server: Server<StreamSocket>, error: Throwable) {
                    outcome.completeExceptionally(error)
                }

                override fun onClose(server: Server<StreamSocket>) {
                    outcome.completeExceptionally(ClosedChannelException())
                }
            }
        try {
            stop.complete(server.listen(listener))
        } catch (e: ClosedChannelException) {
            outcome.completeExceptionally(e)
        }
        return Call("accept ($this)", outcome) {
            outcome.completeExceptionally(CancellationException())
            stop.join("listen").close()
        }
    }

    override fun toString() = Listening.toString()

    /** Listens until it has its result. */
    private abstract class Once<T> : StreamListener {
        val outcome = CompletableFuture<T>()
        private lateinit var subscription: Subscription

        @Volatile
        private var cancelled = false

        /** How to give it up. */
        fun stoppedBy(subscription: Subscription): () -> Unit = {
            cancelled = true
            subscription.close()
        }

        override fun onStart(socket: StreamSocket, subscription: Subscription) {
            this.subscription = subscription
        }

        fun done(result: T) {
            subscription.close()
            outcome.complete(result)
        }

        override fun onError(socket: StreamSocket, error: Throwable) {
            subscription.close()
            outcome.completeExceptionally(error)
        }

        override fun onClose(socket: StreamSocket) {
            outcome.completeExceptionally(
                if (cancelled) CancellationException() else ClosedChannelException(),
            )
        }
    }

    private class PlainRead(private val targets: List<ByteBuffer>) : Once<StreamRead>() {
        override fun atMost(socket: StreamSocket) = targets.sumOf(ByteBuffer::remaining)

        override fun onData(socket: StreamSocket, bytes: ByteBuffer, ancillary: Ancillary) {
            val count = bytes.remaining()
            for (target in targets) {
                val part = minOf(bytes.remaining(), target.remaining())
                target.put(bytes.duplicate().limit(bytes.position() + part))
                bytes.position(bytes.position() + part)
            }
            val kept = Ancillary.received(ancillary.takeAll(), null, ancillary.truncated())
            done(StreamRead.of(count, kept))
        }

        override fun onEnd(socket: StreamSocket) = done(StreamRead.end())
    }

    /** As programs cut a stream into messages: they never ask for more than the rest of one. */
    private class ExactRead(private val target: ByteBuffer, private val wanted: Int) : Once<Ancillary>() {
        private val came = ByteBuffer.allocate(target.remaining())
        private val descriptors = mutableListOf<OwnedFd>()

        override fun atMost(socket: StreamSocket) = came.remaining()

        override fun onData(socket: StreamSocket, bytes: ByteBuffer, ancillary: Ancillary) {
            came.put(bytes)
            descriptors += ancillary.takeAll()
            if (came.hasRemaining()) return
            if (descriptors.size != wanted) {
                throw ProtocolException("${descriptors.size} descriptors, not $wanted")
            }
            target.put(came.flip())
            done(Ancillary.received(descriptors.toList(), null, false).also { descriptors.clear() })
        }

        override fun onEnd(socket: StreamSocket): Unit = throw EOFException("after ${came.position()} bytes")

        override fun onError(socket: StreamSocket, error: Throwable) {
            putBack(socket)
            super.onError(socket, error)
        }

        override fun onClose(socket: StreamSocket) {
            if (socket.isOpen) putBack(socket) else descriptors.forEach(OwnedFd::close)
            super.onClose(socket)
        }

        private fun putBack(socket: StreamSocket) {
            if (outcome.isDone) return
            socket.unread(came.flip(), Ancillary.received(descriptors.toList(), null, false))
            came.clear()
            descriptors.clear()
        }
    }
}
