package dev.ancilla.examples.bench

import dev.ancilla.examples.tool.addressOf
import dev.ancilla.examples.tool.shown
import java.net.InetAddress
import java.net.InetSocketAddress
import java.nio.ByteBuffer
import java.nio.channels.DatagramChannel

/** UDP as the JDK has it, on a thread that blocks: a baseline for what goes message by message. */
internal class JdkUdpEnd(private val figure: Figure) : End {
    private val channel = DatagramChannel.open().bind(InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
    private val data = ByteBuffer.allocateDirect(MESSAGE_SIZE).put(dataMessage())
    private val buffer = ByteBuffer.allocateDirect(MESSAGE_SIZE)

    override val where: String get() = channel.localAddress.shown()

    override fun connect(where: String) {
        channel.connect(addressOf(where))
    }

    override fun give(stopwatch: Stopwatch): Run {
        val run = if (figure == Figure.ROUND_TRIPS) ask(stopwatch) else send(stopwatch)
        repeat(LAST_TIMES_UDP) {
            Thread.sleep(LAST_PAUSE_MILLIS)
            channel.write(ByteBuffer.wrap(lastMessage()))
        }
        return run
    }

    private fun send(stopwatch: Stopwatch): Run {
        while (stopwatch.runs()) channel.write(data.rewind())
        return stopwatch.read()
    }

    private fun ask(stopwatch: Stopwatch): Run {
        while (stopwatch.runsTrip()) {
            channel.write(data.rewind())
            channel.read(buffer.clear())
            check(buffer[0] == DATA)
            stopwatch.tripDone()
        }
        return stopwatch.readTrips()
    }

    override fun take(): Run {
        var count = 0L
        while (true) {
            val sender = channel.receive(buffer.clear())
            if (buffer[0] == LAST) return Run(count)
            if (figure == Figure.ROUND_TRIPS) channel.send(buffer.flip(), sender)
            count++
        }
    }

    override fun close() = channel.close()
}
