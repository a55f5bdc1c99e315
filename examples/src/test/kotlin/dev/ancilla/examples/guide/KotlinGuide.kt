package dev.ancilla.examples.guide

import dev.ancilla.Ancillary
import dev.ancilla.DgramSocket
import dev.ancilla.Errno
import dev.ancilla.EventLoop
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UdpSocket
import dev.ancilla.UnixAddress
import dev.ancilla.UnixDgramSocket
import dev.ancilla.coroutines.Overflow
import dev.ancilla.coroutines.UnixDgramClient
import dev.ancilla.coroutines.answerEach
import dev.ancilla.coroutines.asCoroutineDispatcher
import dev.ancilla.coroutines.awaitWritable
import dev.ancilla.coroutines.channel
import dev.ancilla.coroutines.connect
import dev.ancilla.coroutines.copyTo
import dev.ancilla.coroutines.incoming
import dev.ancilla.coroutines.receive
import dev.ancilla.coroutines.receiveOrNull
import dev.ancilla.coroutines.send
import dev.ancilla.coroutines.watchdog
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.takeWhile
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import kotlinx.io.Buffer
import kotlinx.io.readString
import kotlinx.io.writeString
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** The snippets of docs/guide-kotlin.md, which stand there word for word. GuideTest runs each. */
internal object KotlinGuide {
    suspend fun sendAndReceive(address: UnixAddress) {
        Sockets.unixDgram().bind(address).use { server ->
            Sockets.unixDgram().open().use { client ->
                client.send("hello", address)
                server.receive().use { message ->
                    println("${message.text()} from ${message.sender() ?: "somebody without a name"}")
                }
            }
        }
    }

    suspend fun waitAWhile(socket: DgramSocket) {
        val message = socket.receiveOrNull(timeout = 50.milliseconds)
        if (message == null) println("nothing came") else message.use { println(it.text()) }
    }

    suspend fun tellAll(socket: DgramSocket, targets: List<UnixAddress>, patience: Duration) {
        coroutineScope {
            for (target in targets) {
                launch {
                    try {
                        withTimeout(patience) { socket.send("news", target) }
                    } catch (full: TimeoutCancellationException) {
                        println("$target does not read")
                    } catch (refused: SocketOpException) {
                        println("$target is not there: ${refused.errno()}")
                    }
                }
            }
        }
    }

    suspend fun sendTheLatest(socket: DgramSocket, target: UnixAddress, temperature: () -> Int) {
        while (!socket.trySend(Message.of("${temperature()} °C").to(target))) {
            socket.awaitWritable(target)
        }
    }

    suspend fun sendAcrossRestarts(socket: DgramSocket, server: UnixAddress, text: String) {
        try {
            socket.send(text)
        } catch (refused: SocketOpException) {
            if (refused.errno() !in setOf(Errno.ECONNREFUSED, Errno.ENOTCONN)) throw refused
            socket.connect(server) // The same socket, the same name, the new server.
            socket.send(text)
        }
    }

    suspend fun askAgain(socket: UdpSocket): String? {
        for (attempt in 1..5) {
            socket.send("are you there?")
            val answer = socket.receiveOrNull(timeout = 100.milliseconds * attempt)
            if (answer != null) return answer.use { it.text() }
        }
        return null // Lost were questions, or answers, or there is nobody: that cannot be told.
    }

    suspend fun handOutAPipe(left: UnixDgramSocket, right: UnixDgramSocket) {
        OwnedFd.pipe().use { pipe ->
            left.send("write here", ancillary = Ancillary.lend(pipe.writer()))
            pipe.writer().close() // Lent, not given: ours is still ours to close.

            right.receive().use { message ->
                val taken = message.ancillary().take() // From here on it is the receiver's to close.
                taken.outputStream().use { it.write("written elsewhere".toByteArray()) }
            }
            println(pipe.reader().inputStream().readAllBytes().decodeToString())
        }
    }

    suspend fun flow(socket: DgramSocket) {
        socket
            .incoming()
            .map { it.text() } // A copy: the message is closed when the collector is done with it.
            .takeWhile { it != "end" }
            .collect { println(it) }
    }

    suspend fun newest(socket: DgramSocket) {
        coroutineScope {
            val readings = socket.channel(this, capacity = 1, overflow = Overflow.DROP_OLDEST)
            while (readings.droppedCount < 4) delay(10.milliseconds) // Busy elsewhere.
            readings.incoming.receive().use { println("${it.text()} after ${readings.droppedCount} dropped") }
            readings.close()
        }
    }

    suspend fun serve(socket: DgramSocket) {
        socket.answerEach(concurrency = 16) { question ->
            Message.of("${question.text()} is ${question.text().length} characters long")
        }
    }

    suspend fun ask(server: UnixAddress) {
        UnixDgramClient(server, { text: String -> Message.of(text) }, { it.text() }).use { client ->
            println(client.ask("Ancilla", timeout = 5.seconds))
        }
    }

    suspend fun payloads(left: DgramSocket, right: DgramSocket) {
        val record = Buffer()
        record.writeInt(7)
        record.writeString("seven")
        left.send(record) // Sent without a copy, as it fits one segment; empty afterwards.

        right.receive().use { message ->
            val back = Buffer()
            message.copyTo(back)
            println("${back.readInt()} ${back.readString()}, ${record.size} bytes left")
        }
    }

    suspend fun echoOnTheLoop(socket: DgramSocket) {
        withContext(socket.eventLoop().asCoroutineDispatcher()) {
            socket.incoming().collect { message ->
                message.sender()?.let { socket.send(Message.of(message.payload()).to(it)) }
            }
        }
    }

    fun ownLoop(address: UnixAddress) {
        val loop = Sockets.unixDgram().newEventLoop("control")
        Sockets.unixDgram().eventLoop(loop).bind(address).use { socket ->
            println("${socket.localAddress()} is served by the thread ${socket.eventLoop().name()}")
        }
    }

    suspend fun watched(loop: EventLoop, work: suspend () -> Unit) {
        loop.watchdog(50.milliseconds) { blocked -> println(blocked.message) }.use {
            withContext(loop.asCoroutineDispatcher()) { work() }
        }
    }
}
