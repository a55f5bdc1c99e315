package dev.ancilla.coroutines

import dev.ancilla.Ancillary
import dev.ancilla.Server
import dev.ancilla.Socket
import dev.ancilla.StreamRead
import dev.ancilla.StreamSocket
import dev.ancilla.UnixConnection
import dev.ancilla.spi.Interest
import dev.ancilla.spi.Pending
import java.net.SocketAddress
import java.nio.ByteBuffer

/** A call of any kind: attempt, would block, suspend, attempt. */
internal suspend inline fun <T : Any> Socket.completing(interest: Interest, begin: () -> Pending<T>): T {
    val call = begin()
    val turn: Boolean
    try {
        turn = mayAttempt(interest)
        if (turn) {
            call.attempt()?.let {
                call.close()
                return it
            }
        }
    } catch (failure: Throwable) {
        call.close()
        throw failure
    }
    return completeLater(interest, call, inVain = turn)
}

/** @param inVain whether an attempt would have blocked */
internal suspend fun <T : Any> Socket.completeLater(
    interest: Interest,
    begun: Pending<T>,
    inVain: Boolean,
): T = begun.use { call ->
    var waits = inVain
    while (true) {
        if (waits) awaitReady(call::arm)
        waits = true
        spendTurn()
        attempt(interest) { call.attempt() }?.let { return it }
    }
    @Suppress("UNREACHABLE_CODE")
    error("an attempt ends it")
}

/**
 * Connects to a server, suspending while its backlog is full.
 *
 * ### Cancellation
 * A cancelled call has not connected, and the socket can be used further.
 *
 * @throws java.nio.channels.AlreadyConnectedException if this socket is connected
 * @throws java.nio.channels.ClosedChannelException if it is closed, also while waiting
 * @throws dev.ancilla.SocketOpException if the kernel refuses; another attempt can be made
 */
public suspend fun StreamSocket.connect(address: SocketAddress) {
    completing(Interest.WRITE) { beginConnect(address) }
}

/**
 * Reads what is there, suspending until something is: at least one byte, or the end of the stream. The
 * caller closes what it returns, or takes the descriptors.
 *
 * ### Cancellation
 * A cancelled call has read nothing.
 *
 * ### Threads
 * On any dispatcher; none of its threads is blocked. Reads of several coroutines are in no order.
 *
 * @param target where to; its position advances by what came
 * @throws java.nio.channels.ClosedChannelException if the socket is closed, also while waiting
 * @throws dev.ancilla.SocketOpException if the kernel refuses, such as after a reset by the peer
 * @sample dev.ancilla.testkit.samples.serveAndAsk
 */
public suspend fun StreamSocket.read(target: ByteBuffer): StreamRead = read(listOf(target))

/** Reads into several buffers, one after the other, as [read] does with one. */
public suspend fun StreamSocket.read(targets: List<ByteBuffer>): StreamRead =
    completing(Interest.READ) { beginRead(targets) }

/**
 * Reads exactly what fits into [target], suspending until all of it is there.
 *
 * ### Cancellation and errors
 * A call that is cancelled or fails has read nothing: what had come is there for the next read.
 *
 * @return the descriptors that came with these bytes, owned by the caller
 * @throws java.io.EOFException if the stream ends before
 * @throws java.nio.channels.ClosedChannelException if the socket is closed, also while waiting
 */
public suspend fun StreamSocket.readExactly(target: ByteBuffer): Ancillary =
    completing(Interest.READ) { beginReadExactly(target) }

/**
 * Reads exactly what fits into [target], with exactly so many descriptors, as the other form does.
 *
 * @throws java.net.ProtocolException if with these bytes came more descriptors, or fewer; everything stays
 *   for the next read
 */
public suspend fun StreamSocket.readExactly(target: ByteBuffer, descriptors: Int): Ancillary =
    completing(Interest.READ) { beginReadExactly(target, descriptors) }

/**
 * Writes all bytes of [source], suspending while the peer reads too slowly. The descriptors go once, with
 * the first byte; they are lent: the caller still closes its own.
 *
 * ### Cancellation and errors
 * The position of [source] tells what a call has written that was cancelled or that failed.
 *
 * @throws IllegalArgumentException if there are descriptors and no byte
 * @throws java.nio.channels.ClosedChannelException if the socket is closed, also while waiting
 * @throws dev.ancilla.SocketOpException if the kernel refuses: `EPIPE` if the peer reads no more
 * @sample dev.ancilla.testkit.samples.serveAndAsk
 */
public suspend fun StreamSocket.write(source: ByteBuffer, ancillary: Ancillary = Ancillary.none()) {
    write(listOf(source), ancillary)
}

/** Writes several buffers, one after the other, as [write] does with one. */
public suspend fun StreamSocket.write(sources: List<ByteBuffer>, ancillary: Ancillary = Ancillary.none()) {
    completing(Interest.WRITE) { beginWrite(sources, ancillary) }
}

/** Writes [text] as UTF-8, as the other forms do. */
public suspend fun StreamSocket.write(text: String, ancillary: Ancillary = Ancillary.none()) {
    write(ByteBuffer.wrap(text.encodeToByteArray()), ancillary)
}

/**
 * Writes all bytes, and then ends the output: the peer reads them, and then the end of the stream.
 *
 * ### Cancellation and errors
 * As [write]; the output is then not ended.
 */
public suspend fun StreamSocket.end(
    sources: List<ByteBuffer> = listOf(),
    ancillary: Ancillary = Ancillary.none(),
) {
    completing(Interest.WRITE) { beginEnd(sources, ancillary) }
}

/**
 * Accepts the next connection, suspending until there is one. The caller closes it.
 *
 * ### Cancellation
 * A cancelled call has accepted nothing; the connection goes to the next call.
 *
 * ### Errors
 * Where the process is out of descriptors or memory the call goes on waiting, and goes on when there are some.
 *
 * @throws java.nio.channels.ClosedChannelException if the server is closed, also while waiting
 */
public suspend fun <S : UnixConnection> Server<S>.accept(): S = completing(Interest.READ) { beginAccept() }
