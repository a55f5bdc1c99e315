package dev.ancilla.examples.tool

import com.github.ajalt.clikt.core.Context
import com.github.ajalt.clikt.core.UsageError
import com.github.ajalt.clikt.parameters.arguments.argument
import com.github.ajalt.clikt.parameters.options.default
import com.github.ajalt.clikt.parameters.options.flag
import com.github.ajalt.clikt.parameters.options.option
import com.github.ajalt.clikt.parameters.types.enum
import com.github.ajalt.clikt.parameters.types.int
import com.github.ajalt.clikt.parameters.types.long
import com.github.ajalt.clikt.parameters.types.path
import com.github.ajalt.clikt.parameters.types.restrictTo
import dev.ancilla.Datagram
import dev.ancilla.DgramSocket
import dev.ancilla.Feature
import dev.ancilla.Message
import dev.ancilla.SocketOpException
import dev.ancilla.UnixAddress
import dev.ancilla.UnixDgramBuilder
import dev.ancilla.coroutines.send
import kotlinx.coroutines.delay
import kotlinx.coroutines.withTimeoutOrNull
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** `recv`: binds and prints what arrives. */
internal class Recv : ToolCommand("recv") {
    private val address by argument("ADDRESS", help = "Where to bind").address()
    private val count by option("--count", metavar = "N", help = "Ends after N messages").long().restrictTo(1)
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
        help = "Takes so many descriptors a message (16)",
    ).int()
        .restrictTo(0..UnixDgramBuilder.DESCRIPTORS_PER_MESSAGE)
    private val credentials by option("--credentials", help = "Tells who sent, where offered").flag()
    private val limit by option(
        "--limit",
        metavar = "BYTES",
        help = "Cuts longer messages",
    ).int().restrictTo(1)
    private val reply by option("--reply", metavar = "TEXT", help = "Answers each message to its sender")
    private val saveFds by option(
        "--save-fds",
        metavar = "DIR",
        help = "Copies what each descriptor holds",
    ).path()
    private val pause by option(
        "--pause",
        metavar = "MS",
        help = "Waits between receives",
    ).long().restrictTo(0)

    override fun help(context: Context) = "Binds and prints what arrives."

    override suspend fun run() {
        checkOptions()
        val saving = saveFds?.let { Saving(it, ::warn) }
        val printer = Printer(format)
        openFor(address, limit, ::configure).useUntilSignal { socket ->
            socket.bind(address)
            note("bound ${socket.localAddress().shown()}, provider ${socket.provider()}")
            warnOfCredentials(socket)
            receiveAll(socket) { message ->
                saving?.save(message)
                printer.print(message)
                reply?.let { answer(socket, message, it) }
            }
        }
    }

    private fun checkOptions() {
        if (address is UnixAddress) return
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
        builder.maxDescriptors(maxFds ?: USUAL_MAX_FDS)
        mode?.let(builder::mode)
        if (replaceStale) builder.replaceStale()
    }

    private fun warnOfCredentials(socket: DgramSocket) {
        if (credentials && Feature.MESSAGE_CREDENTIALS !in socket.features()) {
            warn("provider ${socket.provider()} does not offer credentials (${Feature.MESSAGE_CREDENTIALS})")
        }
    }

    private suspend fun receiveAll(socket: DgramSocket, take: suspend (Datagram) -> Unit) {
        val wanted = count ?: Long.MAX_VALUE
        var received = 0L
        while (received < wanted) {
            val message = socket.receiveWithin(timeout) ?: break
            message.use { take(it) }
            received++
            if (received < wanted) pause?.let { delay(it.milliseconds) }
        }
        if (received == 0L || received < (count ?: 0)) {
            throw Ending(Status.TOO_FEW, "recv ${address.shown()}: $received arrived, then none for $timeout")
        }
    }

    /** A sender that cannot be answered, or does not read, is its own problem and not the next one's. */
    private suspend fun answer(socket: DgramSocket, message: Datagram, text: String) {
        val sender = message.sender() ?: return warn("no reply: the sender has no address")
        try {
            var sent = false
            withTimeoutOrNull(REPLY_TIME) {
                socket.send(Message.of(text).to(sender))
                sent = true
            }
            if (!sent) warn("no reply: ${sender.shown()} has no room")
        } catch (e: SocketOpException) {
            warn("no reply: ${e.inOneLine()}")
        }
    }

    companion object {
        /** How many descriptors a message may bring where nothing else is said. */
        const val USUAL_MAX_FDS = 16

        private val REPLY_TIME = 2.seconds
    }
}
