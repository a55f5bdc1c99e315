package dev.ancilla.coroutines

import dev.ancilla.Ancillary
import dev.ancilla.Datagram
import dev.ancilla.DgramSocket
import dev.ancilla.Message
import dev.ancilla.UdpSocket
import dev.ancilla.UnixSeqpacketSocket
import dev.ancilla.spi.Interest
import dev.ancilla.spi.PendingSend
import kotlinx.coroutines.future.await
import kotlinx.coroutines.withTimeoutOrNull
import java.net.InetSocketAddress
import java.net.SocketAddress
import java.nio.ByteBuffer
import kotlin.time.Duration
import kotlin.time.TimeSource

/**
 * Receives the next datagram, suspending until one arrives. The caller closes it.
 *
 * ### Cancellation
 * A cancelled call has received nothing; the message goes to the next call, and the socket stays
 * usable. A call that has returned a message has it: `withTimeout` may still end a block that is about
 * to return, and then drops what the block returns. So keep the message inside the block, as the
 * sample does, and nothing is lost.
 *
 * ### Threads
 * On any dispatcher; none of its threads is blocked.
 *
 * @throws java.nio.channels.ClosedChannelException if the socket is closed, also while waiting
 * @throws java.io.EOFException if the peer of a sequenced-packet socket has ended the connection
 * @throws dev.ancilla.SocketOpException if the kernel refuses; the socket can be used further
 * @sample dev.ancilla.coroutines.samples.receiveWithin
 */
public suspend fun DgramSocket.receive(): Datagram {
    val empty = readiness().likelyEmpty()
    val turn = mayAttempt(Interest.READ)
    if (turn && !empty) tryReceive()?.let { return it }
    return receiveLater(inVain = turn)
}

/** @param inVain whether an attempt was due, and found nothing or would have */
private suspend fun DgramSocket.receiveLater(inVain: Boolean): Datagram {
    var waits = inVain
    while (true) {
        if (waits) awaitReady { wake -> readiness().arm(Interest.READ, wake) }
        waits = true
        spendTurn()
        attempt(Interest.READ) { tryReceive() }?.let { return it }
    }
}

/**
 * Receives the next datagram, or returns `null` when none has come within [timeout]. The caller closes it.
 *
 * ### Cancellation
 * As [receive]: neither a timeout nor a cancellation loses a message.
 *
 * @param timeout how long to wait; zero tries once
 * @throws IllegalArgumentException if [timeout] is negative
 */
public suspend fun DgramSocket.receiveOrNull(timeout: Duration): Datagram? {
    require(!timeout.isNegative()) { "receiveOrNull: timeout is negative: $timeout" }
    val start = TimeSource.Monotonic.markNow()
    while (true) {
        spendTurn()
        attempt(Interest.READ) { tryReceive() }?.let { return it }
        val left = timeout - start.elapsedNow()
        if (!left.isPositive()) return null
        // Only the wait is in the timeout: it would drop what a block that contained the attempt returned.
        withTimeoutOrNull(left) { awaitReady { wake -> readiness().arm(Interest.READ, wake) } }
    }
}

/**
 * Sends a message, suspending while its target has no room. Descriptors are lent: the caller still
 * closes its own, and may do so early.
 *
 * ### Cancellation
 * A cancelled call has sent nothing. One that is cancelled while the kernel takes the message returns
 * as if it were not.
 *
 * ### Threads
 * On any dispatcher; none of its threads is blocked.
 *
 * @throws java.nio.channels.ClosedChannelException if the socket is closed, also while waiting
 * @throws dev.ancilla.SocketOpException if the kernel refuses; the socket can be used further
 * @throws IllegalArgumentException if a descriptor of the message is closed, or it has more than 253
 * @sample dev.ancilla.coroutines.samples.sendDescriptor
 */
public suspend fun DgramSocket.send(message: Message) {
    val send = beginSend(message)
    val turn: Boolean
    try {
        turn = mayAttempt(Interest.WRITE)
        if (turn && send.attempt()) {
            send.close()
            return
        }
    } catch (failure: Throwable) {
        send.close()
        throw failure
    }
    sendLater(send, inVain = turn)
}

/** @param inVain whether an attempt has found no room */
private suspend fun DgramSocket.sendLater(begun: PendingSend, inVain: Boolean) {
    begun.use { send ->
        var waits = inVain
        while (true) {
            if (waits) awaitReady(send::arm)
            waits = true
            spendTurn()
            if (attempt(Interest.WRITE) { send.attempt() }) return
        }
    }
}

/** Sends a message, or returns `false` when its target has had no room for so long; zero tries once. */
internal suspend fun DgramSocket.sendWithin(patience: Duration, message: Message): Boolean {
    val start = TimeSource.Monotonic.markNow()
    beginSend(message).use { send ->
        while (true) {
            spendTurn()
            if (attempt(Interest.WRITE) { send.attempt() }) return true
            val left = patience - start.elapsedNow()
            if (!left.isPositive()) return false
            withTimeoutOrNull(left) { awaitReady(send::arm) }
        }
    }
}

/**
 * Sends [text] as UTF-8, as [send] does.
 *
 * @param target where to, or `null` for the connected peer
 * @param ancillary what rides beside it, lent
 */
public suspend fun DgramSocket.send(
    text: String,
    target: SocketAddress? = null,
    ancillary: Ancillary = Ancillary.none(),
) {
    send(Message.of(text).to(target).with(ancillary))
}

/**
 * Sends the bytes of [payload] from position to limit, as [send] does. The buffer is consumed when
 * this returns, and untouched when it throws.
 *
 * @param target where to, or `null` for the connected peer
 */
public suspend fun DgramSocket.send(payload: ByteBuffer, target: SocketAddress? = null) {
    send(Message.of(payload).to(target))
    payload.position(payload.limit())
}

/**
 * Connects the socket to a peer. A datagram socket waits only for the address of a peer of UDP that is
 * a name; a connected Unix socket is connected anew. A sequenced-packet socket waits while the server's
 * backlog is full, and is connected once.
 *
 * @throws dev.ancilla.SocketOpException if the kernel refuses; the socket stays as it was
 */
public suspend fun DgramSocket.connect(address: SocketAddress) {
    if (this is UnixSeqpacketSocket) {
        completing(Interest.WRITE) { beginConnect(address) }
        return
    }
    val found = found(address)
    attempt(Interest.WRITE) { tryConnect(found) }
}

/** The address that a name has, and any other as it is. */
private suspend fun DgramSocket.found(address: SocketAddress): SocketAddress =
    if (this is UdpSocket && address is InetSocketAddress) resolve(address).await() else address

/**
 * Suspends until there may be room for a message at [target], or an error to be met by sending one.
 *
 * ### Cancellation
 * Nothing was changed by a cancelled call.
 *
 * @param target where to, or `null` for the connected peer
 * @throws IllegalArgumentException if the target is no address of this kind of socket
 * @throws java.nio.channels.ClosedChannelException if the socket is closed
 */
public suspend fun DgramSocket.awaitWritable(target: SocketAddress? = null) {
    // Never attempted: it is begun for its check of the target, and its wait.
    beginSend(Message.empty().to(target?.let { found(it) })).use { send -> awaitReady(send::arm) }
}
