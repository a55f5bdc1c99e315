package dev.ancilla.examples.tool

import com.github.ajalt.clikt.core.Context
import com.github.ajalt.clikt.parameters.arguments.argument
import com.github.ajalt.clikt.parameters.options.option
import com.github.ajalt.clikt.parameters.types.long
import com.github.ajalt.clikt.parameters.types.restrictTo
import dev.ancilla.Datagram
import dev.ancilla.DgramSocket
import dev.ancilla.Message
import dev.ancilla.UnixDgramBuilder.DESCRIPTORS_PER_MESSAGE

/** `echo`: sends back every message with its descriptors, and of streams what each read brings. */
internal class Echo : ToolCommand("echo") {
    private val address by argument("ADDRESS", help = "Where to bind").address()
    private val count by option(
        "--count",
        metavar = "N",
        help = "Ends after N messages, or reads of streams",
    ).long().restrictTo(1)
    private val timeout by option("--timeout", help = "Ends when nothing arrives for so long").seconds()

    override fun help(context: Context) =
        "Sends back every message, or what a stream brings, with its descriptors, until Ctrl-C."

    override suspend fun run() {
        when (val at = address) {
            is ServedAddress -> echoConnections(at)
            else -> echoMessages()
        }
    }

    private suspend fun echoConnections(at: ServedAddress) {
        val accepting =
            Accepting.at(at, Reading(timeout, ::warn)) { maxDescriptors(DESCRIPTORS_PER_MESSAGE) }
        accepting.server.useUntilSignal { server ->
            note("bound ${at.shown()}, provider ${server.provider()}")
            val back =
                object : Taker {
                    override suspend fun take(connection: Incoming, arrival: Arrival): Boolean {
                        val lent = arrival.ancillary.descriptors()
                        if (!connection.answer(arrival.bytes, lent)) return false
                        note("sent back ${arrival.bytes.size} bytes and ${lent.size} descriptors")
                        return true
                    }

                    override suspend fun ended() = note("the connection ended")
                }
            val arrivals =
                ConnectionArrivals(accepting, "echo ${at.shown()}", timeout, keepOpen = true, ::warn)
            arrivals.takeEach(count, back)
        }
    }

    private suspend fun echoMessages() {
        openFor(address, DESCRIPTORS_PER_MESSAGE).useUntilSignal { socket ->
            socket.bind(address)
            note("bound ${socket.localAddress().shown()}, provider ${socket.provider()}")
            val arrivals = Arrivals(socket, "echo ${address.shown()}", timeout, ::warn)
            arrivals.takeEach(count) { sendBack(socket, it) }
        }
    }

    private suspend fun sendBack(socket: DgramSocket, message: Datagram) {
        val descriptors = message.ancillary().descriptors()
        val answer = Message.of(message.payload()).with(*descriptors.toTypedArray())
        if (socket.answer(message, answer, ::warn)) {
            val sender = message.sender()?.shown()
            note("sent back ${answer.size()} bytes and ${descriptors.size} descriptors to $sender")
        }
    }
}
