package dev.ancilla.coroutines

import dev.ancilla.Ancillary
import dev.ancilla.Datagram
import dev.ancilla.DgramSocket
import dev.ancilla.Message
import dev.ancilla.spi.Interest
import kotlinx.io.Buffer
import kotlinx.io.Sink
import kotlinx.io.Source
import kotlinx.io.UnsafeIoApi
import kotlinx.io.bytestring.ByteString
import kotlinx.io.bytestring.unsafe.UnsafeByteStringApi
import kotlinx.io.bytestring.unsafe.UnsafeByteStringOperations
import kotlinx.io.readByteArray
import kotlinx.io.unsafe.UnsafeBufferOperations
import kotlinx.io.write
import java.net.SocketAddress
import java.nio.ByteBuffer

/** Returns the payload as a byte string. */
@OptIn(UnsafeByteStringApi::class)
public fun Datagram.byteString(): ByteString = UnsafeByteStringOperations.wrapUnsafe(bytes())

/** Writes the payload to [sink], which then has a copy of it. */
public fun Datagram.copyTo(sink: Sink) {
    sink.write(payload())
}

/**
 * Sends [payload], as [send] does. Its bytes are not copied on the way to the provider.
 *
 * @param target where to, or `null` for the connected peer
 * @param ancillary what rides beside it, lent
 */
@OptIn(UnsafeByteStringApi::class)
public suspend fun DgramSocket.send(
    payload: ByteString,
    target: SocketAddress? = null,
    ancillary: Ancillary = Ancillary.none(),
) {
    val bytes: ByteBuffer
    // Providers read the buffer only, and a byte string never changes.
    UnsafeByteStringOperations.withByteArrayUnsafe(payload) { bytes = ByteBuffer.wrap(it) }
    send(Message.of(bytes).to(target).with(ancillary))
}

/**
 * Sends all that is in [payload] as one datagram, as [send] does. The buffer is empty when this returns,
 * and untouched when it throws.
 *
 * What fits one segment of the buffer is not copied on the way to the provider.
 *
 * @param target where to, or `null` for the connected peer
 */
@OptIn(UnsafeIoApi::class)
public suspend fun DgramSocket.send(payload: Buffer, target: SocketAddress? = null) {
    var segments = 0
    UnsafeBufferOperations.forEachSegment(payload) { _, _ -> segments++ }
    if (segments != 1 || target.isName()) {
        send(Message.of(payload.peek().readByteArray()).to(target))
        payload.clear()
        return
    }
    while (true) {
        spendTurn()
        // The segment is lent for the attempt alone: while the call waits the buffer has its bytes.
        val sent =
            attempt(Interest.WRITE) {
                UnsafeBufferOperations.readFromHead(payload) { bytes, from, to ->
                    val lent = ByteBuffer.wrap(bytes, from, to - from)
                    if (trySend(lent, target)) to - from else 0
                } > 0
            }
        if (sent) return
        awaitWritable(target)
    }
}

/**
 * Sends all that is left in [payload] as one datagram, as [send] does. Reading it to its end may block.
 *
 * @param target where to, or `null` for the connected peer
 */
public suspend fun DgramSocket.send(payload: Source, target: SocketAddress? = null) {
    send(Message.of(payload.readByteArray()).to(target))
}
