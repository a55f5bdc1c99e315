package dev.ancilla.examples.tool

import com.github.ajalt.clikt.core.Context
import com.github.ajalt.clikt.core.UsageError
import com.github.ajalt.clikt.parameters.arguments.argument
import com.github.ajalt.clikt.parameters.options.default
import com.github.ajalt.clikt.parameters.options.flag
import com.github.ajalt.clikt.parameters.options.multiple
import com.github.ajalt.clikt.parameters.options.option
import com.github.ajalt.clikt.parameters.types.enum
import com.github.ajalt.clikt.parameters.types.int
import com.github.ajalt.clikt.parameters.types.long
import com.github.ajalt.clikt.parameters.types.path
import com.github.ajalt.clikt.parameters.types.restrictTo
import dev.ancilla.DgramSocket
import dev.ancilla.Feature
import dev.ancilla.Message
import dev.ancilla.Sockets
import dev.ancilla.UdpBuilder
import dev.ancilla.UdpSocket
import dev.ancilla.UnixDgramBuilder
import dev.ancilla.UnixServerBuilder
import java.net.InetSocketAddress
import kotlin.time.Duration.Companion.milliseconds

/** `recv`: binds and prints what arrives. */
internal class Recv : ToolCommand("recv") {
    private val address by argument("ADDRESS", help = "Where to bind").address()
    private val count by option("--count", metavar = "N", help = "Ends after N messages or reads")
        .long()
        .restrictTo(1)
    private val timeout by option("--timeout", help = "Ends when nothing arrives for so long").seconds()
    private val format by option("--format", help = "How to print")
        .enum<Format> { it.name.lowercase() }
        .default(Format.TEXT)
    private val mode by option("--mode", help = "Permissions of the socket file, such as 0600").mode()
    private val replaceStale by option(
        "--replace-stale",
        help = "Removes a socket file on which nobody answers",
    ).flag()
    private val maxFds by option(
        "--max-fds",
        metavar = "N",
        help = "Takes so many descriptors a message or read (16)",
    ).int()
        .restrictTo(0..UnixDgramBuilder.DESCRIPTORS_PER_MESSAGE)
    private val credentials by option("--credentials", help = "Tells who sent, where offered").flag()
    private val limit by option(
        "--limit",
        metavar = "BYTES",
        help = "Cuts longer messages; reads so much of a stream at once",
    ).int().restrictTo(1)
    private val reply by option("--reply", metavar = "TEXT", help = "Answers each message or read")
    private val saveFds by option(
        "--save-fds",
        metavar = "DIR",
        help =
            "Copies what each descriptor holds, into files message-N-fd-M: for each message what can be " +
                "read within ${Saving.TIME_PER_MESSAGE}, and of each descriptor at most " +
                "${Saving.MAX_BYTES shr 30} GiB",
    ).path()
    private val join by option(
        "--join",
        help = "Joins a multicast group of UDP, on an interface by name or address (repeatable)",
    ).group().multiple()
    private val keepOpen by option(
        "--keep-open",
        help = "Goes on to the next connection when one has ended",
    ).flag()
    private val pause by option(
        "--pause",
        metavar = "MS",
        help = "Waits between receives",
    ).long().restrictTo(0)

    override fun help(context: Context) =
        "Binds and prints what arrives. At unix-stream: and unix-seqpacket: it accepts one connection and " +
            "ends with it."

    override suspend fun run() {
        checkOptions()
        val saving = saveFds?.let { Saving(it, ::warn) }
        when (val at = address) {
            is ServedAddress -> recvConnections(at, saving)
            else -> recvMessages(saving)
        }
    }

    private suspend fun recvConnections(at: ServedAddress, saving: Saving?) {
        val accepting = Accepting.at(at, Reading(timeout, ::warn, limit, credentials), ::configure)
        accepting.server.useUntilSignal { server ->
            note("bound ${at.shown()}, provider ${server.provider()}")
            val printer = Printer(format, stream = at.isStream)
            val taker =
                object : Taker {
                    override suspend fun take(connection: Incoming, arrival: Arrival): Boolean {
                        saving?.save(arrival.ancillary)
                        printer.print(arrival)
                        // Who does not hear the answer may have written more.
                        reply?.let { connection.answer(it.encodeToByteArray(), emptyList()) }
                        return true
                    }

                    override suspend fun ended() = printer.printEnd()
                }
            val arrivals = ConnectionArrivals(accepting, "recv ${at.shown()}", timeout, keepOpen, ::warn)
            try {
                arrivals.takeEach(count, taker, pause?.milliseconds)
            } finally {
                printer.endLine()
            }
        }
    }

    private suspend fun recvMessages(saving: Saving?) {
        val printer = Printer(format)
        val forUdp: UdpBuilder.() -> Unit = { if (join.isNotEmpty()) reuseAddress() }
        openFor(address, maxFds ?: USUAL_MAX_FDS, limit, forUdp, ::configure).useUntilSignal { socket ->
            socket.bind(address)
            if (socket is UdpSocket) join.forEach { it.join(socket) }
            note("bound ${socket.localAddress().shown()}, provider ${socket.provider()}")
            warnOfCredentials(socket)
            val arrivals = Arrivals(socket, "recv ${address.shown()}", timeout, ::warn)
            arrivals.takeEach(count, pause?.milliseconds) { message ->
                saving?.save(message.ancillary())
                printer.print(Arrival.of(message))
                reply?.let { socket.answer(message, Message.of(it), ::warn) }
            }
        }
    }

    private fun checkOptions() {
        if (keepOpen && address !is ServedAddress) {
            throw UsageError("only for unix-stream: and unix-seqpacket: addresses: --keep-open")
        }
        if (address !is InetSocketAddress) {
            if (join.isNotEmpty()) throw UsageError("only for udp: addresses: --join")
            return
        }
        val refused =
            listOf(
                "--mode" to (mode != null),
                "--replace-stale" to replaceStale,
                "--max-fds" to (maxFds != null),
                "--credentials" to credentials,
                "--save-fds" to (saveFds != null),
            ).filter { it.second }
        if (refused.isNotEmpty()) {
            throw UsageError("only for unix: addresses: ${refused.joinToString { it.first }}")
        }
    }

    private fun configure(builder: UnixDgramBuilder) {
        mode?.let(builder::mode)
        if (replaceStale) builder.replaceStale()
        if (credentials && offersCredentials()) builder.messageCredentials()
    }

    private fun configure(builder: UnixServerBuilder<*>) {
        builder.maxDescriptors(maxFds ?: USUAL_MAX_FDS)
        mode?.let(builder::mode)
        if (replaceStale) builder.replaceStale()
    }

    private fun offersCredentials() =
        Sockets.unixDgram().open().use { Feature.MESSAGE_CREDENTIALS in it.features() }

    private fun warnOfCredentials(socket: DgramSocket) {
        if (credentials && Feature.MESSAGE_CREDENTIALS !in socket.features()) {
            warn("provider ${socket.provider()} does not offer credentials (${Feature.MESSAGE_CREDENTIALS})")
        }
    }

    companion object {
        /** How many descriptors a message may bring where nothing else is said. */
        const val USUAL_MAX_FDS = 16
    }
}
