package dev.ancilla.examples.tool

import dev.ancilla.Ancillary
import dev.ancilla.OwnedFd
import dev.ancilla.StreamSocket
import dev.ancilla.coroutines.write
import java.nio.ByteBuffer
import kotlin.time.Duration

/** Writes to a stream, each time no longer than [timeout]. */
internal class StreamSender(
    private val socket: StreamSocket,
    private val address: ServedAddress,
    private val timeout: Duration?,
) {
    private var sent = 0L

    suspend fun send(payload: ByteArray, lent: List<OwnedFd>) {
        val source = ByteBuffer.wrap(payload)
        var ancillary = Ancillary.lend(lent)

        /** Descriptors go with the first byte, and not again with the rest. */
        fun writtenAtOnce(): Boolean? {
            if (socket.tryWrite(listOf(source), ancillary) > 0) ancillary = Ancillary.none()
            return true.takeUnless { source.hasRemaining() }
        }
        val written =
            within(timeout, ::writtenAtOnce) {
                socket.write(source, ancillary)
                true
            }
        if (written == null) throw noRoom(address, timeout, sent)
        sent++
    }
}
