package dev.ancilla.examples.tool

import dev.ancilla.PeerCredentials
import dev.ancilla.Server
import dev.ancilla.SocketOpException
import dev.ancilla.StreamRead
import dev.ancilla.StreamSocket
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.accept
import dev.ancilla.coroutines.read
import kotlinx.coroutines.delay
import java.nio.ByteBuffer
import kotlin.time.Duration

/** What is done with what arrives. */
internal interface StreamTaker {
    /** Takes one read, whose descriptors are closed afterwards; returns whether to read on. */
    suspend fun take(connection: StreamSocket, read: Arrival): Boolean

    /** Is told of the end of a stream. */
    suspend fun ended(connection: StreamSocket)
}

/**
 * What arrives at a server of streams, one connection after the other: further ones wait in the backlog.
 *
 * @property what what receives, as a failure names it
 * @property timeout how long to wait for each connection and each read, `null` for ever
 * @property keepOpen whether to go on with the next connection; then one that fails ends nothing
 * @property warn is told of a connection that failed
 */
internal class StreamArrivals(
    private val server: Server<StreamSocket>,
    private val what: String,
    private val timeout: Duration?,
    private val keepOpen: Boolean,
    private val warn: (String) -> Unit,
) {
    private var arrived = 0L
    private var ends = 0L

    /**
     * Takes [count] reads, or all until the stream ends, or the timeout passes before which something
     * has to come.
     *
     * @param bytes how many a read brings at most
     * @param credentials whether to ask who is at the other end
     */
    suspend fun takeEach(
        count: Long?,
        taker: StreamTaker,
        bytes: Int = READ,
        credentials: Boolean = false,
        pause: Duration? = null,
    ) {
        val wanted = count ?: Long.MAX_VALUE
        do {
            val connection = within(timeout, server::tryAccept) { server.accept() } ?: break
            connection.use { takeAll(Reading(it, bytes, credentials), wanted, pause, taker) }
        } while (keepOpen && arrived < wanted)
        if (arrived < (count ?: 0) || arrived + ends == 0L) {
            val then = if (ends > 0 && !keepOpen) "the stream ended" else "none for $timeout"
            throw Ending(Status.TOO_FEW, "$what: $arrived arrived, then $then")
        }
    }

    private suspend fun takeAll(from: Reading, wanted: Long, pause: Duration?, taker: StreamTaker) {
        try {
            while (arrived < wanted) {
                val read = within(timeout, from::tryRead) { from.read() } ?: break
                if (read.isEnd) {
                    ends++
                    return taker.ended(from.connection)
                }
                val goOn = read.use { taker.take(from.connection, from.arrival(it)) }
                arrived++
                if (!goOn) return
                if (pause != null && arrived < wanted) delay(pause)
            }
        } catch (failure: SocketOpException) {
            if (!keepOpen) throw failure
            warn(failure.inOneLine())
        }
    }

    /** One connection, and the memory that its reads share. */
    private class Reading(val connection: StreamSocket, bytes: Int, credentials: Boolean) {
        private val buffer = ByteBuffer.allocate(bytes)
        private val peer: PeerCredentials? = if (credentials) connection.peerCredentials() else null
        private val sender = connection.remoteAddress()?.takeUnless { it.kind() == UnixAddress.Kind.UNNAMED }

        fun tryRead(): StreamRead? = connection.tryRead(buffer.clear())

        suspend fun read(): StreamRead = connection.read(buffer.clear())

        fun arrival(read: StreamRead) =
            Arrival(buffer.array().copyOf(read.count()), sender?.let(::StreamAddress), read.ancillary(), peer)
    }

    companion object {
        /** More than a peer writes at once, commonly. */
        const val READ = 65_536
    }
}
