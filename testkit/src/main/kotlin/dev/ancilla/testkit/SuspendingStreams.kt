package dev.ancilla.testkit

import dev.ancilla.Ancillary
import dev.ancilla.Server
import dev.ancilla.StreamSocket
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.accept
import dev.ancilla.coroutines.connect
import dev.ancilla.coroutines.end
import dev.ancilla.coroutines.read
import dev.ancilla.coroutines.readExactly
import dev.ancilla.coroutines.write
import java.nio.ByteBuffer

/** Streams and servers as coroutines call them. */
internal class SuspendingStreams(private val on: Suspending) : StreamStyle {
    override val givenUp get() = on.givenUp

    override fun connect(socket: StreamSocket, address: UnixAddress) =
        on.call("connect", socket) { socket.connect(address) }

    override fun read(socket: StreamSocket, targets: List<ByteBuffer>) =
        on.call("read", socket) { socket.read(targets) }

    override fun readExactly(socket: StreamSocket, target: ByteBuffer, descriptors: Int) =
        on.call("readExactly", socket) { socket.readExactly(target, descriptors) }

    override fun write(socket: StreamSocket, sources: List<ByteBuffer>, ancillary: Ancillary) =
        on.call("write", socket) { socket.write(sources, ancillary) }

    override fun end(socket: StreamSocket, sources: List<ByteBuffer>, ancillary: Ancillary) =
        on.call("end", socket) { socket.end(sources, ancillary) }

    override fun accept(server: Server<StreamSocket>) = on.call("accept", server) { server.accept() }

    override fun toString() = on.toString()
}
