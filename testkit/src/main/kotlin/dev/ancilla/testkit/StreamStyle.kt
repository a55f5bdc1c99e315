package dev.ancilla.testkit

import dev.ancilla.Ancillary
import dev.ancilla.Server
import dev.ancilla.StreamRead
import dev.ancilla.StreamSocket
import dev.ancilla.UnixAddress
import java.nio.ByteBuffer
import kotlin.reflect.KClass

/** How a test calls streams and servers, as [Style] is for messages. */
internal interface StreamStyle {
    /** What a call that was given up throws. */
    val givenUp: KClass<out Throwable>

    fun connect(socket: StreamSocket, address: UnixAddress): Call<Unit>

    fun read(socket: StreamSocket, targets: List<ByteBuffer>): Call<StreamRead>

    fun readExactly(socket: StreamSocket, target: ByteBuffer, descriptors: Int): Call<Ancillary>

    fun write(socket: StreamSocket, sources: List<ByteBuffer>, ancillary: Ancillary): Call<Unit>

    fun end(socket: StreamSocket, sources: List<ByteBuffer>, ancillary: Ancillary): Call<Unit>

    fun accept(server: Server<StreamSocket>): Call<StreamSocket>

    companion object {
        /** Every style this JVM has. */
        val all: List<StreamStyle> by lazy {
            Style.all.map { style ->
                when (style) {
                    is Blocking -> BlockingStreams(style)
                    is Async -> AsyncStreams
                    is Suspending -> SuspendingStreams(style)
                    is Listening -> ListeningStreams
                }
            }
        }
    }
}

private class BlockingStreams(private val on: Blocking) : StreamStyle {
    override val givenUp get() = on.givenUp

    override fun connect(socket: StreamSocket, address: UnixAddress) =
        on.call("connect") { socket.blocking().connect(address) }

    override fun read(socket: StreamSocket, targets: List<ByteBuffer>) =
        on.call("read") { socket.blocking().read(targets, null) }

    override fun readExactly(socket: StreamSocket, target: ByteBuffer, descriptors: Int) =
        on.call("readExactly") { socket.blocking().readExactly(target, descriptors) }

    override fun write(socket: StreamSocket, sources: List<ByteBuffer>, ancillary: Ancillary) =
        on.call("write") { socket.blocking().write(sources, ancillary) }

    override fun end(socket: StreamSocket, sources: List<ByteBuffer>, ancillary: Ancillary) =
        on.call("end") { socket.blocking().end(sources, ancillary, null) }

    override fun accept(server: Server<StreamSocket>) = on.call("accept") { server.blocking().accept() }

    override fun toString() = on.toString()
}

internal data object AsyncStreams : StreamStyle {
    override val givenUp get() = Async.givenUp

    override fun connect(socket: StreamSocket, address: UnixAddress) =
        Async.call("connect", socket.async().connect(address)) { }

    override fun read(socket: StreamSocket, targets: List<ByteBuffer>) =
        Async.call("read", socket.async().read(targets)) { it as StreamRead }

    override fun readExactly(socket: StreamSocket, target: ByteBuffer, descriptors: Int) =
        Async.call("readExactly", socket.async().readExactly(target, descriptors)) { it as Ancillary }

    override fun write(socket: StreamSocket, sources: List<ByteBuffer>, ancillary: Ancillary) =
        Async.call("write", socket.async().write(sources, ancillary)) { }

    override fun end(socket: StreamSocket, sources: List<ByteBuffer>, ancillary: Ancillary) =
        Async.call("end", socket.async().end(sources, ancillary)) { }

    override fun accept(server: Server<StreamSocket>) =
        Async.call("accept", server.async().accept()) { it as StreamSocket }

    override fun toString() = Async.toString()
}
