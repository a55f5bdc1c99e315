package dev.ancilla.benchmarks.peers

import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Pieces
import dev.ancilla.benchmarks.worker.Round
import dev.ancilla.benchmarks.worker.Server
import dev.ancilla.benchmarks.worker.Style
import dev.ancilla.benchmarks.worker.Tally
import dev.ancilla.benchmarks.worker.Trips
import dev.ancilla.benchmarks.worker.dataOf
import dev.ancilla.benchmarks.worker.endOf
import dev.ancilla.benchmarks.worker.room
import io.ktor.network.selector.SelectorManager
import io.ktor.network.sockets.ServerSocket
import io.ktor.network.sockets.UnixSocketAddress
import io.ktor.network.sockets.aSocket
import io.ktor.network.sockets.openReadChannel
import io.ktor.network.sockets.openWriteChannel
import io.ktor.utils.io.ByteReadChannel
import io.ktor.utils.io.ByteWriteChannel
import io.ktor.utils.io.readAvailable
import io.ktor.utils.io.readFully
import io.ktor.utils.io.writeFully
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runBlocking
import java.nio.ByteBuffer

/** ktor-network over a stream, with its channels. */
internal class KtorStream(private val job: Job) : Style {
    private val data = dataOf(job.size)
    private val room = ByteArray(job.room)
    private val server = if (job.role.active) null else ktorServerAt(job.self)
    private lateinit var input: ByteReadChannel
    private lateinit var output: ByteWriteChannel

    override fun connect() {
        val socket =
            runBlocking {
                server?.use { it.accept() } ?: ktorSockets().connect(UnixSocketAddress(job.peer))
            }
        input = socket.openReadChannel()
        output = socket.openWriteChannel()
    }

    override fun receive(tally: Tally): Unit = runBlocking(Dispatchers.Default) {
        val pieces = Pieces(job.size, tally)
        while (true) pieces.add(ByteBuffer.wrap(room, 0, input.readAvailable(room).coerceAtLeast(0)))
    }

    /** What is written is flushed by the channel when it is much. */
    override fun send(round: Round) = runBlocking(Dispatchers.Default) {
        while (round.next()) output.writeFully(data)
        output.writeFully(endOf(round.count))
        output.flush()
    }

    override fun echo(): Unit = runBlocking(Dispatchers.Default) {
        while (true) {
            val count = input.readAvailable(room)
            check(count > 0) { "the stream has ended" }
            output.writeFully(room, 0, count)
            output.flush()
        }
    }

    override fun ping(trips: Trips) = runBlocking(Dispatchers.Default) {
        while (trips.next()) {
            output.writeFully(data)
            output.flush()
            input.readFully(room)
            trips.done(ByteBuffer.wrap(room))
        }
    }
}

private fun ktorSockets() = aSocket(SelectorManager(Dispatchers.Default)).tcp()

private fun ktorServerAt(path: String): ServerSocket =
    runBlocking { ktorSockets().bind(UnixSocketAddress(path)) }

/** A server of ktor-network that accepts connections and closes them. */
internal fun acceptorOfKtor(job: Job): Server {
    val server = ktorServerAt(job.self)
    return Server { runBlocking(Dispatchers.Default) { while (true) server.accept().close() } }
}
