package dev.ancilla.examples.tool

import dev.ancilla.Ancillary
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.PeerCredentials
import dev.ancilla.Server
import dev.ancilla.Sockets
import dev.ancilla.StreamSocket
import dev.ancilla.UnixAddress
import dev.ancilla.UnixConnection
import dev.ancilla.UnixSeqpacketSocket
import dev.ancilla.UnixServerBuilder
import dev.ancilla.coroutines.accept
import dev.ancilla.coroutines.read
import dev.ancilla.coroutines.send
import dev.ancilla.coroutines.write
import java.io.EOFException
import java.nio.ByteBuffer
import kotlin.time.Duration

/** A connection: the reads, or messages, that come over it. */
internal interface Incoming : AutoCloseable {
    /**
     * Takes the next one, which the caller closes; `null` when the timeout passes first.
     *
     * @throws EOFException at the end of the connection
     */
    suspend fun next(): Arrival?

    /** Sends back [bytes] and descriptors, as the other `answer`s do. */
    suspend fun answer(bytes: ByteArray, lent: List<OwnedFd>): Boolean
}

/**
 * How connections are read.
 *
 * @property timeout how long to wait for each read or message, `null` for ever
 * @property warn is told what ends nothing
 * @property limit how many bytes a read brings at most, or are kept of a message
 * @property credentials whether to ask who is at the other end
 */
internal class Reading(
    val timeout: Duration?,
    val warn: (String) -> Unit,
    val limit: Int? = null,
    val credentials: Boolean = false,
) {
    fun peerOf(connection: UnixConnection): PeerCredentials? =
        if (credentials) connection.peerCredentials() else null
}

/** A server of one kind of connections. */
internal class Accepting<S : UnixConnection>(
    val server: Server<S>,
    private val incoming: (S) -> Incoming,
) {
    suspend fun accept(timeout: Duration?): Incoming? =
        within(timeout, server::tryAccept) { server.accept() }?.let(incoming)

    companion object {
        /** Opens a server at an address. */
        fun at(
            address: ServedAddress,
            reading: Reading,
            configure: UnixServerBuilder<*>.() -> Unit,
        ): Accepting<*> = when (address.kind) {
            ServedAddress.Kind.STREAM -> {
                val server = Sockets.unixServer().apply(configure).listen(address.unix)
                Accepting(server) { StreamIncoming(it, reading) }
            }

            ServedAddress.Kind.SEQPACKET -> {
                val server = Sockets.unixSeqpacketServer().apply(configure).listen(address.unix)
                Accepting(server) { MessagesIncoming(it, reading) }
            }
        }
    }
}

internal class StreamIncoming(private val socket: StreamSocket, private val reading: Reading) : Incoming {
    private val buffer = ByteBuffer.allocate(reading.limit ?: READ)
    private val peer = reading.peerOf(socket)
    private val sender = socket.remoteAddress()?.served(ServedAddress.Kind.STREAM)

    override suspend fun next(): Arrival? {
        val read =
            within(reading.timeout, { socket.tryRead(buffer.clear()) }) { socket.read(buffer.clear()) }
                ?: return null
        if (read.isEnd) throw EOFException()
        return Arrival(buffer.array().copyOf(read.count()), sender, read.ancillary(), peer, owner = read)
    }

    override suspend fun answer(bytes: ByteArray, lent: List<OwnedFd>) = patiently(WHO, reading.warn) {
        socket.write(ByteBuffer.wrap(bytes), Ancillary.lend(lent))
    }

    override fun close() = socket.close()
}

internal class MessagesIncoming(
    private val socket: UnixSeqpacketSocket,
    private val reading: Reading,
) : Incoming {
    private val arrivals = Arrivals(socket, WHO, reading.timeout, reading.warn)
    private val peer = reading.peerOf(socket)
    private val sender = socket.remoteAddress()?.served(ServedAddress.Kind.SEQPACKET)

    override suspend fun next(): Arrival? = arrivals.next()?.let {
        val bytes = it.bytes()
        val kept = reading.limit?.coerceAtMost(bytes.size) ?: bytes.size
        Arrival(bytes.copyOf(kept), sender, it.ancillary(), peer, bytes.size, owner = it)
    }

    override suspend fun answer(bytes: ByteArray, lent: List<OwnedFd>) = patiently(WHO, reading.warn) {
        socket.send(Message.of(bytes).with(*lent.toTypedArray()))
    }

    override fun close() = socket.close()
}

/** More than a peer writes at once, commonly. */
internal const val READ = 65_536

private const val WHO = "the other side"

/** The address of a peer that has one. */
private fun UnixAddress.served(kind: ServedAddress.Kind) =
    if (kind() == UnixAddress.Kind.UNNAMED) null else ServedAddress(kind, this)
