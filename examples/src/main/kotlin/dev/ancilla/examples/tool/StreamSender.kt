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
        val written =
            within(timeout, { null }) {
                socket.write(source, Ancillary.lend(lent))
                true
            }
        if (written == null) throw noRoom(address, timeout, sent)
        sent++
    }
}
