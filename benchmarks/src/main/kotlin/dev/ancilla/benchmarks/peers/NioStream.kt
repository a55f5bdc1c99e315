package dev.ancilla.benchmarks.peers

import dev.ancilla.benchmarks.worker.DATA
import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Pieces
import dev.ancilla.benchmarks.worker.Round
import dev.ancilla.benchmarks.worker.Style
import dev.ancilla.benchmarks.worker.Tally
import dev.ancilla.benchmarks.worker.Trips
import dev.ancilla.benchmarks.worker.dataOf
import dev.ancilla.benchmarks.worker.direct
import dev.ancilla.benchmarks.worker.endOf
import dev.ancilla.benchmarks.worker.room
import java.net.StandardProtocolFamily
import java.net.UnixDomainSocketAddress
import java.nio.ByteBuffer
import java.nio.channels.Selector
import java.nio.channels.ServerSocketChannel
import java.nio.channels.SocketChannel

/**
 * A stream's channel of the JDK's shape as it is.
 *
 * @param opened connects to the other side, or accepts it
 * @param selector with which to wait; without one the channel blocks
 */
internal open class NioStream<C : SocketChannel>(
    protected val job: Job,
    private val selector: Selector?,
    private val opened: () -> C,
) : Style {
    protected lateinit var channel: C
    private lateinit var waits: Waits
    private val room = ByteBuffer.allocateDirect(job.room)
    private val data = direct(dataOf(job.size))

    /** Passes a descriptor with the next bytes. */
    protected open fun pass() = Unit

    /** Closes the descriptor that came with the last bytes. */
    protected open fun closePassed() = Unit

    override fun connect() {
        channel = opened()
        waits = Waits.of(channel, selector)
    }

    /** Reads at least a byte to [room], or finds the stream's end. */
    private fun take() {
        while (true) {
            val count = channel.read(room)
            check(count >= 0) { "the stream has ended" }
            if (count > 0) return
            waits.awaitMessage()
        }
    }

    /** Writes all bytes. A descriptor goes with the first of them, and is lost when there is no room. */
    private fun put(payload: ByteBuffer, pass: Boolean = false) {
        payload.rewind()
        while (payload.hasRemaining()) {
            if (pass && payload.position() == 0) pass()
            if (channel.write(payload) == 0) waits.awaitRoom()
        }
    }

    override fun receive(tally: Tally) {
        val pieces = Pieces(job.size, tally)
        while (true) {
            room.clear()
            take()
            room.flip()
            if (job.fds && room.get(0) == DATA) closePassed()
            pieces.add(room)
        }
    }

    override fun send(round: Round) {
        while (round.next()) put(data, job.fds)
        put(direct(endOf(round.count)))
    }

    override fun echo() {
        while (true) {
            room.clear()
            take()
            put(room.flip())
        }
    }

    override fun ping(trips: Trips) {
        while (trips.next()) {
            put(data)
            room.clear()
            while (room.hasRemaining()) take()
            trips.done(room.flip())
        }
    }
}

/** The JDK's own channel. */
internal fun nioStreamOf(job: Job): NioStream<SocketChannel> {
    val server = if (job.role.active) null else nioServerAt(job.self)
    return NioStream(job, nioSelectorOf(job)) {
        server?.use { it.accept() } ?: SocketChannel.open(UnixDomainSocketAddress.of(job.peer))
    }
}

internal fun nioServerAt(path: String): ServerSocketChannel =
    ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(path))
