package dev.ancilla.benchmarks.peers

import dev.ancilla.benchmarks.worker.DATA
import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Mode
import dev.ancilla.benchmarks.worker.RECEIVE_BUFFER
import dev.ancilla.benchmarks.worker.Round
import dev.ancilla.benchmarks.worker.Style
import dev.ancilla.benchmarks.worker.Tally
import dev.ancilla.benchmarks.worker.Trips
import dev.ancilla.benchmarks.worker.dataOf
import dev.ancilla.benchmarks.worker.direct
import dev.ancilla.benchmarks.worker.endOf
import dev.ancilla.benchmarks.worker.inetAddressOf
import dev.ancilla.benchmarks.worker.room
import java.net.SocketAddress
import java.net.StandardProtocolFamily
import java.net.StandardSocketOptions
import java.nio.ByteBuffer
import java.nio.channels.DatagramChannel
import java.nio.channels.Selector

/**
 * A channel of the JDK's shape as it is, one by one. Styles that end in "nosrc" never ask who sent a message,
 * which costs junixsocket more than the message.
 */
internal open class Nio(
    protected val job: Job,
    private val channel: DatagramChannel,
    private val peer: SocketAddress,
    private val waits: Waits,
) : Style {
    private val asksSender = !job.style.endsWith("nosrc")
    private val room = ByteBuffer.allocateDirect(job.room)
    private val data = direct(dataOf(job.size))
    private val target: SocketAddress? = if (job.mode == Mode.UNCONNECTED) peer else null
    private var sender: SocketAddress? = null

    /** Passes a descriptor with the next message. */
    protected open fun pass() = Unit

    /** Closes the descriptor that came with the last message. */
    protected open fun closePassed() = Unit

    override fun connect() {
        channel.connect(peer)
    }

    /** The next message in [room], or nothing yet, which a blocking channel never says. */
    private fun take(): Boolean {
        room.clear()
        // Without a sender's address it says the same for nothing and for a message; all have one here.
        if (asksSender) sender = channel.receive(room) else channel.read(room)
        return room.flip().hasRemaining()
    }

    /** Without room it goes nowhere, which a blocking channel never says. */
    private fun put(payload: ByteBuffer): Boolean {
        payload.rewind()
        return (if (target == null) channel.write(payload) else channel.send(payload, target)) > 0
    }

    override fun receive(tally: Tally) {
        while (true) {
            if (!take()) {
                waits.awaitMessage()
                continue
            }
            if (job.fds && room.get(0) == DATA) closePassed()
            tally.add(room, !asksSender || sender != null)
        }
    }

    private fun surelyPut(payload: ByteBuffer, pass: Boolean = false) {
        do {
            // What was to be passed is lost when there is no room.
            if (pass) pass()
            if (put(payload)) return
            waits.awaitRoom()
        } while (true)
    }

    override fun send(round: Round) {
        while (round.next()) surelyPut(data, job.fds)
        surelyPut(direct(endOf(round.count)))
    }

    override fun echo() {
        while (true) {
            if (!take()) {
                waits.awaitMessage()
            } else if (job.connects) {
                channel.write(room)
            } else {
                channel.send(room, sender)
            }
        }
    }

    override fun ping(trips: Trips) {
        while (trips.next()) {
            surelyPut(data)
            while (!take()) waits.awaitMessage()
            trips.done(room)
        }
    }
}

/** The JDK's own channel. */
internal fun nioOf(job: Job): Nio {
    val channel = DatagramChannel.open(StandardProtocolFamily.INET)
    channel.setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BUFFER)
    channel.bind(inetAddressOf(job.self))
    return Nio(job, channel, inetAddressOf(job.peer), Waits.of(channel, nioSelectorOf(job)))
}

/** For the style that is named after it. */
internal fun nioSelectorOf(job: Job): Selector? = if (job.style == "nio-selector") Selector.open() else null
