package dev.ancilla.examples.demo

import dev.ancilla.Datagram
import dev.ancilla.IpFamily
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.Sockets
import dev.ancilla.UdpSocket
import dev.ancilla.UnixAddress
import dev.ancilla.UnixDgramSocket
import dev.ancilla.coroutines.receive
import dev.ancilla.coroutines.send
import kotlinx.coroutines.runBlocking
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.NetworkInterface
import java.nio.file.Files
import java.nio.file.Path
import kotlin.system.exitProcess

/** The demo's other process. Its argument is the directory in which the sockets are. */
fun main(args: Array<String>) {
    val ended = runCatching { runBlocking { DemoServer(Path.of(args.single())).run() } }
    ended.onFailure { Story("server").tell("failed: ${it.message ?: it}") }
    exitProcess(if (ended.isSuccess) 0 else 1)
}

/** Answers what [DemoClient] asks: each request is one datagram that starts with a word. */
internal class DemoServer(private val meeting: Path) {
    private val story = Story("server")

    suspend fun run() {
        val before = OpenFds.warmedUp()
        bind(SERVER, descriptors = 1).use { socket ->
            bind(DOOR, descriptors = 0).use { door -> serve(socket, door) }
        }
        story.tell(OpenFds.compare(before))
    }

    private fun bind(name: String, descriptors: Int): UnixDgramSocket = Sockets
        .unixDgram()
        .maxDescriptors(descriptors)
        .mode(0b110_000_000)
        .bind(UnixAddress.path(meeting.resolve(name)))

    private suspend fun serve(socket: UnixDgramSocket, door: UnixDgramSocket) {
        val client = UnixAddress.path(meeting.resolve(CLIENT))
        story.tell("bound ${socket.localAddress()}, mode 0600")
        socket.send("ready", client)
        while (true) {
            socket.receive().use { request ->
                val word = request.text().substringBefore(' ')
                val reply =
                    when (word) {
                        "hello" -> "hello yourself, ${request.sender()}"
                        "read" -> read(request)
                        "pause" -> pause(socket, door, client)
                        "join" -> join(socket, request, client)
                        "stream" -> stream(socket, client)
                        "bye" -> return
                        else -> error("what is \"${request.text()}\"?")
                    }
                request.sender()?.let { socket.send(Message.of(reply).to(it)) }
            }
        }
    }

    /** The name is of no use: what opens the file is the descriptor. */
    private fun read(request: Datagram): String {
        val name = Path.of(request.text().substringAfter(' '))
        check(Files.notExists(name)) { "$name can be named after all" }
        story.tell("cannot open $name: no such file")
        return request.ancillary().take().use { descriptor: OwnedFd ->
            val text = descriptor.inputStream().readAllBytes().decodeToString()
            story.tell("reads \"$text\" through descriptor ${descriptor.number()}")
            text
        }
    }

    /** Reads nothing until somebody knocks at the door, then all, and says what came. */
    private suspend fun pause(socket: UnixDgramSocket, door: UnixDgramSocket, client: UnixAddress): String {
        story.tell("reads nothing for a while")
        socket.send("paused", client)
        door.receive().close()
        story.tell("reads again")
        val numbers = mutableListOf<Int>()
        while (true) {
            val text = socket.receive().use { it.text() }
            if (text == "end") break
            numbers.add(text.toInt())
        }
        story.tell("received ${numbers.first()} to ${numbers.last()}")
        return numbers.joinToString(" ")
    }

    /** Says when it has joined the group that the request names, and what it heard there. */
    private suspend fun join(socket: UnixDgramSocket, request: Datagram, client: UnixAddress): String {
        val group = request.text().substringAfter(' ')
        return Sockets.udp().family(IpFamily.IPV4).bind(0).use { listener ->
            listener.join(InetAddress.getByName(group), loopback()).use {
                val port = listener.localAddress().port
                story.tell("joins the group $group, port $port, on the loopback interface")
                socket.send("joined $port", client)
                listener.receive().use { message ->
                    val from = message.sender() as InetSocketAddress
                    story.tell("hears \"${message.text()}\" in the group")
                    "heard ${message.text()} from port ${from.port}"
                }
            }
        }
    }

    private suspend fun stream(socket: UnixDgramSocket, client: UnixAddress): String {
        DemoStream(story, meeting).serve { socket.send("listening", client) }
        return "the stream has ended"
    }

    companion object {
        /** On which no other machine hears a group. */
        fun loopback(): NetworkInterface = UdpSocket.interfaceOf("127.0.0.1")

        const val SERVER = "server.sock"
        const val CLIENT = "client.sock"
        const val DOOR = "door.sock"
    }
}
