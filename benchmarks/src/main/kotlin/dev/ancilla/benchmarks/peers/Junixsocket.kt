package dev.ancilla.benchmarks.peers

import dev.ancilla.benchmarks.worker.DATA
import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Mode
import dev.ancilla.benchmarks.worker.Round
import dev.ancilla.benchmarks.worker.Style
import dev.ancilla.benchmarks.worker.Tally
import dev.ancilla.benchmarks.worker.Trips
import dev.ancilla.benchmarks.worker.dataOf
import dev.ancilla.benchmarks.worker.endOf
import dev.ancilla.benchmarks.worker.fail
import org.newsclub.net.unix.AFUNIXDatagramChannel
import org.newsclub.net.unix.AFUNIXSocketAddress
import java.io.File
import java.io.FileInputStream
import java.io.RandomAccessFile
import java.net.SocketAddress
import java.nio.ByteBuffer

/**
 * junixsocket as it is, one by one on a channel that blocks. The styles that end in "nosrc" never ask who
 * sent a message, which costs it more than the message.
 */
internal open class Junixsocket(protected val job: Job) : Style {
    private val asksSender = !job.style.endsWith("nosrc")
    private val room = ByteBuffer.allocateDirect(job.size.coerceAtLeast(16))
    private val data = direct(dataOf(job.size))
    private val target: SocketAddress? = if (job.mode == Mode.UNCONNECTED) address(job.peer) else null
    private val passed = if (job.fds) RandomAccessFile("/dev/null", "r").fd else null
    protected val channel: AFUNIXDatagramChannel = AFUNIXDatagramChannel.open()
    private var sender: SocketAddress? = null

    init {
        if (job.fds) channel.ancillaryReceiveBufferSize = 256
        channel.bind(address(job.self))
    }

    override fun connect() {
        channel.connect(address(job.peer))
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

    protected open fun awaitMessage(): Unit = fail("nothing received")

    protected open fun awaitRoom(): Unit = fail("nothing sent")

    override fun receive(tally: Tally) {
        while (true) {
            if (!take()) {
                awaitMessage()
                continue
            }
            if (job.fds && room.get(0) == DATA) closePassed()
            tally.add(room, !asksSender || sender != null)
        }
    }

    private fun closePassed() {
        val received = channel.receivedFileDescriptors
        if (received == null || received.size != 1) fail("a message without its descriptor")
        FileInputStream(received[0]).close()
    }

    private fun surelyPut(payload: ByteBuffer, pass: Boolean = false) {
        do {
            // What was to be passed is lost when there is no room.
            if (pass) channel.setOutboundFileDescriptors(passed)
            if (put(payload)) return
            awaitRoom()
        } while (true)
    }

    override fun send(round: Round) {
        while (round.next()) surelyPut(data, job.fds)
        surelyPut(direct(endOf(round.count)))
    }

    override fun echo() {
        while (true) {
            if (!take()) {
                awaitMessage()
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
            while (!take()) awaitMessage()
            trips.done(room)
        }
    }

    protected companion object {
        fun address(path: String): AFUNIXSocketAddress = AFUNIXSocketAddress.of(File(path))

        fun direct(bytes: ByteArray): ByteBuffer = ByteBuffer.allocateDirect(bytes.size).put(bytes)
    }
}
