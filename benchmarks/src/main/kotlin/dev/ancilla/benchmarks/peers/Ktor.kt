package dev.ancilla.benchmarks.peers

import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.RECEIVE_BUFFER
import dev.ancilla.benchmarks.worker.Round
import dev.ancilla.benchmarks.worker.Style
import dev.ancilla.benchmarks.worker.Tally
import dev.ancilla.benchmarks.worker.Trips
import dev.ancilla.benchmarks.worker.dataOf
import dev.ancilla.benchmarks.worker.endOf
import io.ktor.network.selector.SelectorManager
import io.ktor.network.sockets.BoundDatagramSocket
import io.ktor.network.sockets.Datagram
import io.ktor.network.sockets.InetSocketAddress
import io.ktor.network.sockets.aSocket
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runBlocking
import kotlinx.io.Buffer
import kotlinx.io.readByteArray
import java.nio.ByteBuffer

/** ktor-network, whose socket is bound or connected: here bound, and each message names its target. */
internal class Ktor(private val job: Job) : Style {
    private val target = addressOf(job.peer)
    private val data = dataOf(job.size)
    private val socket: BoundDatagramSocket =
        runBlocking {
            aSocket(SelectorManager(Dispatchers.Default)).udp().bind(addressOf(job.self)) {
                receiveBufferSize = RECEIVE_BUFFER
            }
        }

    override fun connect() = Unit

    override fun receive(tally: Tally): Unit = runBlocking(Dispatchers.Default) {
        while (true) tally.add(payloadOf(socket.receive()), true)
    }

    override fun send(round: Round) = runBlocking(Dispatchers.Default) {
        while (round.next()) send(data)
        send(endOf(round.count))
    }

    override fun echo(): Unit = runBlocking(Dispatchers.Default) {
        while (true) socket.receive().let { socket.send(Datagram(it.packet, it.address)) }
    }

    override fun ping(trips: Trips) = runBlocking(Dispatchers.Default) {
        while (trips.next()) {
            send(data)
            trips.done(payloadOf(socket.receive()))
        }
    }

    private suspend fun send(bytes: ByteArray) =
        socket.send(Datagram(Buffer().apply { write(bytes) }, target))

    private fun payloadOf(message: Datagram) = ByteBuffer.wrap(message.packet.readByteArray())

    private fun addressOf(name: String) =
        InetSocketAddress(name.substringBefore(':'), name.substringAfter(':').toInt())
}
