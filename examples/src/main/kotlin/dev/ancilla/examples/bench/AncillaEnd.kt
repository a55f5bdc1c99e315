package dev.ancilla.examples.bench

import dev.ancilla.Ancillary
import dev.ancilla.DgramSocket
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.Sockets
import dev.ancilla.UdpSocket
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.asCoroutineDispatcher
import dev.ancilla.coroutines.connect
import dev.ancilla.coroutines.receive
import dev.ancilla.coroutines.receiveBatch
import dev.ancilla.coroutines.send
import dev.ancilla.examples.tool.addressOf
import dev.ancilla.examples.tool.shown
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import java.net.InetAddress
import java.net.InetSocketAddress
import java.nio.ByteBuffer
import java.nio.file.Path

/** A message socket of this library, used by a coroutine on its event loop's thread. */
internal class AncillaEnd private constructor(
    private val figure: Figure,
    private val socket: DgramSocket,
) : End {
    private val loop = socket.eventLoop().asCoroutineDispatcher()
    private val data = ByteBuffer.wrap(dataMessage())

    override val where: String get() = socket.localAddress().shown()

    override fun connect(where: String) = runBlocking { socket.connect(addressOf(where)) }

    override fun give(stopwatch: Stopwatch): Run = runBlocking(loop) {
        val run =
            when (figure) {
                Figure.SINGLY -> sendSingly(stopwatch)
                Figure.BATCHES -> sendBatches(stopwatch, BATCH, Ancillary.none())
                Figure.ROUND_TRIPS -> ask(stopwatch)
                Figure.DESCRIPTORS -> sendDescriptors(stopwatch)
            }
        repeat(if (socket is UdpSocket) LAST_TIMES_UDP else 1) {
            if (socket is UdpSocket) delay(LAST_PAUSE_MILLIS)
            socket.send(ByteBuffer.wrap(lastMessage()))
        }
        run
    }

    private suspend fun sendSingly(stopwatch: Stopwatch): Run {
        while (stopwatch.runs()) socket.send(data.rewind())
        return stopwatch.read()
    }

    private suspend fun sendBatches(stopwatch: Stopwatch, size: Int, ancillary: Ancillary): Run {
        val message = Message.of(data).with(ancillary)
        socket.newSendBatch(size, MESSAGE_SIZE).use { batch ->
            while (stopwatch.runs(size)) {
                repeat(size) { check(batch.add(message)) }
                socket.send(batch)
            }
        }
        return stopwatch.read()
    }

    private suspend fun sendDescriptors(stopwatch: Stopwatch): Run =
        OwnedFd.open(Path.of("/dev/null")).use { fd -> sendBatches(stopwatch, FD_BATCH, Ancillary.lend(fd)) }

    private suspend fun ask(stopwatch: Stopwatch): Run {
        while (stopwatch.runsTrip()) {
            socket.send(data.rewind())
            socket.receive().use { check(it.payload()[0] == DATA) }
            stopwatch.tripDone()
        }
        return stopwatch.readTrips()
    }

    override fun take(): Run = runBlocking(loop) {
        Run(
            when (figure) {
                Figure.SINGLY -> receiveSingly()
                Figure.BATCHES, Figure.DESCRIPTORS -> receiveBatches()
                Figure.ROUND_TRIPS -> answer()
            },
        )
    }

    private suspend fun receiveSingly(): Long {
        var count = 0L
        while (true) {
            socket.receive().use { message ->
                checkNotNull(message.sender())
                if (message.payload()[0] == LAST) return count
                count++
            }
        }
    }

    private suspend fun receiveBatches(): Long {
        var count = 0L
        socket.newReceiveBatch(BATCH, MESSAGE_SIZE).use { batch ->
            while (true) {
                for (i in 0 until socket.receiveBatch(batch)) {
                    checkNotNull(batch.sender(i))
                    if (batch.payload(i)[0] == LAST) return count
                    if (figure == Figure.DESCRIPTORS) batch.ancillary(i).take().close()
                    count++
                }
            }
        }
    }

    private suspend fun answer(): Long {
        var count = 0L
        while (true) {
            socket.receive().use { message ->
                if (message.payload()[0] == LAST) return count
                socket.send(message.payload(), message.sender())
                count++
            }
        }
    }

    override fun close() = socket.close()

    companion object {
        private const val BATCH = 64
        private const val FD_BATCH = 32

        fun unixDgram(figure: Figure, path: Path): AncillaEnd {
            val builder = Sockets.unixDgram()
            if (figure == Figure.DESCRIPTORS) builder.maxDescriptors(1)
            return AncillaEnd(figure, builder.bind(UnixAddress.path(path)))
        }

        fun udp(figure: Figure): AncillaEnd =
            AncillaEnd(figure, Sockets.udp().bind(InetSocketAddress(InetAddress.getLoopbackAddress(), 0)))
    }
}
