package dev.ancilla.examples.bench

import dev.ancilla.Ancillary
import dev.ancilla.OwnedFd
import dev.ancilla.Sockets
import dev.ancilla.StreamSocket
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.accept
import dev.ancilla.coroutines.asCoroutineDispatcher
import dev.ancilla.coroutines.readExactly
import dev.ancilla.coroutines.write
import kotlinx.coroutines.runBlocking
import java.nio.ByteBuffer
import java.nio.file.Path

/** A Unix stream of this library, used by a coroutine on its event loop's thread, with a call for each message. */
internal class AncillaStreamEnd(private val figure: Figure, path: Path) : End {
    private val maxDescriptors = if (figure == Figure.DESCRIPTORS) 1 else 0
    private val server = Sockets.unixServer().maxDescriptors(maxDescriptors).listen(UnixAddress.path(path))
    private var stream: StreamSocket? = null
    private val data = ByteBuffer.allocateDirect(MESSAGE_SIZE).put(dataMessage())
    private val buffer = ByteBuffer.allocateDirect(MESSAGE_SIZE)

    override val where: String = "$path"

    override fun connect(where: String) {
        stream = Sockets.unixStream().maxDescriptors(maxDescriptors).connect(UnixAddress.path(where))
    }

    override fun give(stopwatch: Stopwatch): Run = on(checkNotNull(stream)) {
        val run =
            when (figure) {
                Figure.SINGLY -> {
                    send(stopwatch, Ancillary.none())
                }

                Figure.ROUND_TRIPS -> {
                    ask(stopwatch)
                }

                Figure.DESCRIPTORS -> {
                    OwnedFd
                        .open(
                            Path.of("/dev/null"),
                        ).use { send(stopwatch, Ancillary.lend(it)) }
                }

                Figure.BATCHES -> {
                    error("a stream has no messages")
                }
            }
        write(ByteBuffer.wrap(lastMessage()))
        run
    }

    private suspend fun StreamSocket.send(stopwatch: Stopwatch, ancillary: Ancillary): Run {
        while (stopwatch.runs()) write(data.rewind(), ancillary)
        return stopwatch.read()
    }

    private suspend fun StreamSocket.ask(stopwatch: Stopwatch): Run {
        while (stopwatch.runsTrip()) {
            write(data.rewind())
            next()
            check(buffer[0] == DATA)
            stopwatch.tripDone()
        }
        return stopwatch.readTrips()
    }

    override fun take(): Run {
        val accepted = runBlocking { server.accept() }
        stream = accepted
        return on(accepted) {
            var count = 0L
            while (true) {
                next().use { if (figure == Figure.DESCRIPTORS && buffer[0] == DATA) it.take().close() }
                if (buffer[0] == LAST) return@on Run(count)
                if (figure == Figure.ROUND_TRIPS) write(buffer.flip())
                count++
            }
            @Suppress("UNREACHABLE_CODE")
            error("the last message ends it")
        }
    }

    /** A stream has no borders: it is known how long a message is. */
    private suspend fun StreamSocket.next(): Ancillary = readExactly(buffer.clear())

    private fun on(stream: StreamSocket, block: suspend StreamSocket.() -> Run): Run =
        runBlocking(stream.eventLoop().asCoroutineDispatcher()) { stream.block() }

    override fun close() {
        stream?.close()
        server.close()
    }
}
