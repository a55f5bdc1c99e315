package dev.ancilla.examples.tool

import com.github.ajalt.clikt.core.Context
import com.github.ajalt.clikt.core.UsageError
import com.github.ajalt.clikt.parameters.arguments.argument
import com.github.ajalt.clikt.parameters.arguments.multiple
import com.github.ajalt.clikt.parameters.options.convert
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
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.Sockets
import dev.ancilla.UdpSocket
import dev.ancilla.UnixAddress
import dev.ancilla.UnixDgramBuilder.DESCRIPTORS_PER_MESSAGE
import dev.ancilla.UnixSeqpacketSocket
import dev.ancilla.coroutines.connect
import dev.ancilla.coroutines.end
import java.io.EOFException
import java.net.InetSocketAddress
import java.net.SocketAddress

/** `send`: sends messages, or writes them to a stream, and descriptors with the first. */
internal class Send : ToolCommand("send") {
    private val address by argument("ADDRESS", help = "Where to send").address()
    private val words by argument("MESSAGE", help = "What to send, each as one message").multiple()
    private val file by option("--file", metavar = "PATH", help = "Sends what the file holds").path()
    private val stdin by option("--stdin", help = "Sends each line of standard input").flag()
    private val empty by option(
        "--empty",
        help = "Sends a message without bytes, or ends a stream at once",
    ).flag()
    private val fds by option(
        "--fd",
        metavar = "PATH",
        help = "Passes the file's descriptor (repeatable)",
    ).path()
        .multiple()
    private val inheritFds by option("--inherit-fd", metavar = "N", help = "Passes descriptor N (repeatable)")
        .int()
        .restrictTo(0)
        .multiple()
    private val bind by option("--bind", metavar = "ADDRESS|auto", help = "Has an address to be answered at")
        .convert { if (it == "auto") AUTO else addressOf(it) }
    private val connect by option("--connect", help = "Connects first").flag()
    private val count by option("--count", metavar = "N", help = "Sends the whole list so often")
        .long()
        .restrictTo(1)
        .default(1)
    private val reply by option("--reply", help = "Waits for one answer and prints it").flag()
    private val timeout by option("--timeout", help = "Waits no longer, for room or for the answer").seconds()
    private val overflow by option("--overflow", help = "What to do when the receiver is full (wait)")
        .enum<Overflow> { it.name.lowercase() }
        .default(Overflow.WAIT)
    private val ttl by option("--ttl", metavar = "N", help = "How many hops messages of UDP may go")
        .int()
        .restrictTo(0..255)
    private val through by option(
        "--interface",
        metavar = "NAME",
        help = "Through which interface multicast leaves, by name or address",
    )
    private val format by option("--format", help = "How to print the answer")
        .enum<Format> {
            it.name.lowercase()
        }.default(Format.TEXT)

    override fun help(context: Context) =
        "Sends messages, or writes them to a stream, and descriptors with the first."

    override suspend fun run() {
        val payloads =
            Payloads(words, file, stdin, empty, again = count > 1, lineEnds = address.isStream)
        checkOptions(payloads)
        LentFds.open(fds, inheritFds).use { lent ->
            val at = address
            if (at is ServedAddress && at.isStream) {
                sendStream(at, payloads, lent.all)
            } else {
                sendMessages(payloads, lent.all)
            }
        }
    }

    private suspend fun sendStream(at: ServedAddress, payloads: Payloads, lent: List<OwnedFd>) {
        Sockets.unixStream().maxDescriptors(descriptorsOfAnswer()).open().useUntilSignal { socket ->
            val sender = StreamSender(socket, at, timeout)
            socket.connectTo(at, timeout)
            for (round in 1..count) {
                payloads.forEach { index, payload ->
                    val withFds = if (index == 0) lent else emptyList()
                    sender.send(payload, withFds)
                    note("sent ${payload.size} bytes and ${withFds.size} descriptors to ${at.shown()}")
                }
            }
            socket.end()
            if (reply) {
                printAnswer(
                    "recv ${at.shown()}",
                    StreamIncoming(socket, Reading(timeout, ::warn))::next,
                )
            }
        }
    }

    private suspend fun sendMessages(payloads: Payloads, lent: List<OwnedFd>) {
        openFor(address, descriptorsOfAnswer()).useUntilSignal { socket ->
            prepare(socket)
            sendAll(socket, payloads, lent)
            if (socket is UnixSeqpacketSocket) socket.shutdownOutput()
            if (reply) printAnswer(socket)
        }
    }

    private fun descriptorsOfAnswer() = if (reply) Recv.USUAL_MAX_FDS else 0

    private fun checkOptions(payloads: Payloads) {
        val descriptors = fds.size + inheritFds.size
        if (address is InetSocketAddress && descriptors > 0) {
            throw UsageError("only for unix: addresses: --fd, --inherit-fd")
        }
        if (address !is InetSocketAddress && (ttl != null || through != null)) {
            throw UsageError("only for udp: addresses: --ttl, --interface")
        }
        if (address.isStream && (bind != null || overflow != Overflow.WAIT)) {
            throw UsageError("not for unix-stream: addresses: --bind, --overflow drop, --overflow fail")
        }
        checkBind()
        if (descriptors > DESCRIPTORS_PER_MESSAGE) {
            throw UsageError("$descriptors descriptors, at most $DESCRIPTORS_PER_MESSAGE fit one message")
        }
        if (address.isStream && descriptors > 0 && payloads.startsEmpty) {
            throw UsageError("a stream carries descriptors beside a byte, and what is to go first has none")
        }
    }

    private fun checkBind() {
        val own = bind ?: return
        if (address is InetSocketAddress) {
            val fits = own is InetSocketAddress || own == AUTO
            if (!fits) throw UsageError("--bind ${own.shown()}: not a udp: address, as ${address.shown()} is")
        } else if (own !is UnixAddress) {
            throw UsageError("--bind ${own.shown()}: not a unix: address, as ${address.shown()} needs")
        }
    }

    private suspend fun prepare(socket: DgramSocket) {
        if (socket is UdpSocket) route(socket)
        localAddress()?.let { socket.bind(it) }
        val at = address
        when {
            socket is UnixSeqpacketSocket && at is ServedAddress -> socket.connectTo(at, timeout)
            connect -> socket.connect(at)
        }
    }

    private fun route(socket: UdpSocket) {
        through?.let { socket.multicastInterface(UdpSocket.interfaceOf(it)) }
        val toGroup = (address as? InetSocketAddress)?.address?.isMulticastAddress == true
        ttl?.let { if (toGroup) socket.multicastTtl(it) else socket.ttl(it) }
    }

    /** A Unix socket without a name cannot be answered, so waiting for an answer takes one. */
    private fun localAddress(): SocketAddress? {
        val own = bind ?: AUTO.takeIf { reply && address is UnixAddress }
        return if (own == AUTO && address is InetSocketAddress) InetSocketAddress(0) else own
    }

    private suspend fun sendAll(socket: DgramSocket, payloads: Payloads, lent: List<OwnedFd>) {
        val sender = Sender(socket, address, overflow, timeout)
        val target = address.takeUnless { connect || it is ServedAddress }
        for (round in 1..count) {
            payloads.forEach { index, payload ->
                val withFds = if (index == 0) lent else emptyList()
                val message = Message.of(payload).to(target).with(*withFds.toTypedArray())
                val fate = if (sender.send(message)) "sent" else "dropped, ${address.shown()} is full:"
                note("$fate ${payload.size} bytes and ${withFds.size} descriptors to ${address.shown()}")
            }
        }
        if (sender.dropped > 0) note("dropped ${sender.dropped} messages, sent ${sender.sent}")
    }

    private suspend fun printAnswer(socket: DgramSocket) {
        if (socket is UnixSeqpacketSocket) {
            val incoming = MessagesIncoming(socket, Reading(timeout, ::warn))
            return printAnswer("recv ${address.shown()}", incoming::next)
        }
        val what = "recv ${socket.localAddress().shown()}"
        val arrivals = Arrivals(socket, what, timeout, ::warn)
        printAnswer(what) { arrivals.next()?.let(Arrival::of) }
    }

    private suspend fun printAnswer(what: String, next: suspend () -> Arrival?) {
        val answer =
            try {
                next()
            } catch (_: EOFException) {
                throw Ending(Status.TOO_FEW, "$what: no answer, the connection ended")
            } ?: throw Ending(Status.TOO_FEW, "$what: no answer for $timeout")
        answer.use(Printer(format)::print)
    }

    private companion object {
        /** Any name, or for UDP any port. */
        val AUTO: UnixAddress = UnixAddress.autobind()
    }
}
