package dev.ancilla.examples.tool

import dev.ancilla.Ancillary
import dev.ancilla.OwnedFd
import dev.ancilla.StreamSocket
import dev.ancilla.coroutines.connect
import dev.ancilla.coroutines.read
import dev.ancilla.coroutines.write
import java.nio.ByteBuffer
import kotlin.time.Duration

/** Connects to a server of streams, writes, and reads an answer, each no longer than [timeout]. */
internal class StreamSender(
    private val socket: StreamSocket,
    private val address: StreamAddress,
    private val timeout: Duration?,
) {
    private var sent = 0L

    suspend fun connect() {
        val connected =
            within(timeout, { if (socket.tryConnect(address.unix)) true else null }) {
                socket.connect(address.unix)
                true
            }
        if (connected == null) throw tooFew("connect", "nobody accepted")
    }

    suspend fun send(payload: ByteArray, lent: List<OwnedFd>) {
        val source = ByteBuffer.wrap(payload)
        val written =
            within(timeout, { null }) {
                socket.write(source, Ancillary.lend(lent))
                true
            }
        if (written == null) throw tooFew("send", "no room", ", $sent sent before")
        sent++
    }

    /** Takes what the other side writes next; its descriptors are closed afterwards. */
    suspend fun takeAnswer(take: (Arrival) -> Unit) {
        val buffer = ByteBuffer.allocate(StreamArrivals.READ)
        val read = within(timeout, { socket.tryRead(buffer) }) { socket.read(buffer) }
        if (read == null) throw tooFew("recv", "no answer")
        if (read.isEnd) throw Ending(Status.TOO_FEW, "recv ${address.shown()}: no answer, the stream ended")
        read.use { take(Arrival(buffer.array().copyOf(it.count()), address, it.ancillary(), null)) }
    }

    private fun tooFew(operation: String, what: String, more: String = "") =
        Ending(Status.TOO_FEW, "$operation ${address.shown()}: $what for $timeout$more")
}
