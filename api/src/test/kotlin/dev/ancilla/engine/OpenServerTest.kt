package dev.ancilla.engine

import dev.ancilla.OwnedFd
import dev.ancilla.PeerCredentials
import dev.ancilla.StreamSocket
import dev.ancilla.scripted.ScriptedTransport
import dev.ancilla.spi.ConnectionTransport
import dev.ancilla.spi.Interest
import dev.ancilla.spi.ServerTransport
import dev.ancilla.spi.Transport
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import java.net.SocketAddress
import java.util.concurrent.atomic.AtomicInteger

class OpenServerTest : FunSpec({
    fun serverOf(accepted: ConnectionTransport, allowed: AllowList): OpenServer<StreamSocket> {
        val opened = Opening.Opened<ServerTransport>(ScriptedServer(accepted), "scripted", setOf(), 0, 0)
        val binding = Binding(Binding.MODE_OF_UMASK, false, false)
        return OpenServer(opened, binding, allowed) { _, _ -> throw OutOfMemoryError("a socket") }
    }

    test("a connection of which no socket can be made, whatever is thrown, is closed") {
        val lists =
            mapOf(
                "a peer" to AllowList(false, setOf(), setOf()),
                "a socket" to AllowList(true, setOf(), setOf()),
            )
        for ((what, allowed) in lists) {
            val connection = ScriptedConnection()
            serverOf(connection, allowed).use { server ->
                shouldThrow<OutOfMemoryError> { server.tryAccept() }.message shouldBe what
                connection.closes.get() shouldBe 1
            }
        }
    }
})

/** Accepts one connection. */
private class ScriptedServer(
    private val accepted: ConnectionTransport,
    transport: Transport = ScriptedTransport(),
) : ServerTransport,
    Transport by transport {
    override fun bind(address: SocketAddress, mode: Int) {}

    override fun listen(backlog: Int) {}

    override fun tryAccept() = accepted
}

/** Does not tell who is at the other end. */
private class ScriptedConnection(private val transport: Transport = ScriptedTransport()) :
    ConnectionTransport,
    Transport by transport {
    val closes = AtomicInteger()

    override fun tryConnect(address: SocketAddress) = true

    override fun shutdown(interest: Interest) {}

    override fun peerCredentials(): PeerCredentials = throw OutOfMemoryError("a peer")

    override fun peerPidfd(): OwnedFd = throw OutOfMemoryError("a peer")

    override fun close() {
        closes.incrementAndGet()
        transport.close()
    }
}
