package dev.ancilla.examples.demo

import dev.ancilla.IpFamily
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.UnixDgramSocket
import dev.ancilla.coroutines.receive
import dev.ancilla.coroutines.send
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import java.net.InetSocketAddress
import java.nio.file.Files
import java.nio.file.Path
import kotlin.concurrent.thread
import kotlin.io.path.deleteExisting
import kotlin.io.path.writeText
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.TimeSource

/** The demo's process that asks, starts the other one, and checks every step. */
internal class DemoClient {
    private val story = Story("client")
    private val meeting = Files.createTempDirectory("ancilla-demo")
    private val server = UnixAddress.path(meeting.resolve(DemoServer.SERVER))

    /**
     * Tells the demo.
     *
     * @throws IllegalStateException if something was not seen
     */
    suspend fun run() {
        // However this process ends, nothing stays.
        Runtime.getRuntime().addShutdownHook(thread(start = false) { meeting.toFile().deleteRecursively() })
        val before = OpenFds.warmedUp()
        val address = UnixAddress.path(meeting.resolve(DemoServer.CLIENT))
        Sockets.unixDgram().bind(address).use { socket ->
            story.title("Ancilla demo, provider ${socket.provider()}, Java ${Runtime.version().feature()}")
            story.title("1. A server in a process of its own")
            val process = start()
            coroutineScope {
                val early = launch { error("the server ended early, with status ${process.end()}") }
                hear(socket, "ready")
                story.tell("the server is ready, process ${process.pid}")
                exchangeGreetings(socket)
                passDescriptor(socket)
                overfill(socket)
                tellGroup(socket)
                stream(socket)
                early.cancel()
            }
            story.title("7. What stays open")
            socket.send("bye", server)
            val status = process.end()
            check(status == 0) { "the server failed, with status $status" }
        }
        story.tell(OpenFds.compare(before))
        story.title("Every step was seen.")
    }

    private fun start(): ServerProcess {
        val process = ServerProcess(meeting)
        Runtime.getRuntime().addShutdownHook(thread(start = false) { process.kill() })
        return process
    }

    private suspend fun hear(socket: UnixDgramSocket, expected: String) {
        val heard = socket.receive().use { it.text() }
        check(heard == expected) { "the server says \"$heard\" and not \"$expected\"" }
    }

    private suspend fun exchangeGreetings(socket: UnixDgramSocket) {
        story.title("2. Datagrams both ways")
        story.tell("sends \"hello\" to $server")
        socket.send("hello", server)
        socket.receive().use { reply ->
            story.tell("hears \"${reply.text()}\" from ${reply.sender()}")
            check(
                reply.text() == "hello yourself, ${socket.localAddress()}",
            ) { "the server did not see who asked" }
            check(reply.sender() == server) { "somebody else answered: ${reply.sender()}" }
        }
    }

    /** A file that has lost its name is one that nobody else can open, whatever their permissions. */
    private suspend fun passDescriptor(socket: UnixDgramSocket) {
        story.title("3. A descriptor of a file that the server cannot open")
        val secret = "written by process ${ProcessHandle.current().pid()}"
        val file = meeting.resolve("secret.txt")
        file.writeText(secret)
        OwnedFd.open(file).use { descriptor ->
            file.deleteExisting()
            story.tell(
                "opens $file as descriptor ${descriptor.number()}, deletes it, and passes the descriptor",
            )
            socket.send(Message.of("read $file").to(server).with(descriptor))
            hear(socket, secret)
        }
        story.tell("hears from the server what the file says")
    }

    private suspend fun overfill(socket: UnixDgramSocket) {
        story.title("4. A full receiver makes the sender wait")
        socket.send("pause", server)
        hear(socket, "paused")
        var sent = 0
        while (sent < MANY && socket.trySend(Message.of("${sent + 1}").to(server))) sent++
        check(sent in 1 until MANY) { "$sent messages fit, so nothing was full" }
        story.tell("sends 1 to $sent, which fills the server's queue, then ${sent + 1}, which waits")
        waitForRoom(socket, "${sent + 1}")
        socket.send("end", server)
        hear(socket, (1..sent + 1).joinToString(" "))
        story.tell("hears from the server that 1 to ${sent + 1} came, in order")
    }

    private suspend fun waitForRoom(socket: UnixDgramSocket, text: String) = coroutineScope {
        val started = TimeSource.Monotonic.markNow()
        val waiting = async { socket.send(text, server) }
        delay(WHILE)
        check(!waiting.isCompleted) { "$text was sent although the server's queue was full" }
        story.tell("still waits after $WHILE and tells the server to read again")
        socket.send("knock", UnixAddress.path(meeting.resolve(DemoServer.DOOR)))
        waiting.await()
        story.tell("$text is sent after ${started.elapsedNow().inWholeMilliseconds} ms")
    }

    /** Whoever has joined the group hears it: the sender names the group, and no receiver. */
    private suspend fun tellGroup(socket: UnixDgramSocket) {
        story.title("5. A message to a multicast group, over UDP")
        socket.send("join $GROUP", server)
        val port = socket.receive().use { it.text() }.removePrefix("joined ").toInt()
        Sockets.udp().family(IpFamily.IPV4).open().use { speaker ->
            speaker.multicastInterface(DemoServer.loopback())
            story.tell("sends \"hello, all\" to udp:$GROUP:$port, provider ${speaker.provider()}")
            speaker.send("hello, all", InetSocketAddress(GROUP, port))
            hear(socket, "heard hello, all from port ${speaker.localAddress().port}")
        }
        story.tell("hears from the server that it came to the group")
    }

    private suspend fun stream(socket: UnixDgramSocket) {
        story.title("6. A stream, whose descriptors are tied to their bytes")
        DemoStream.missing()?.let { return story.tell("left out: $it") }
        socket.send("stream", server)
        hear(socket, "listening")
        DemoStream(story, meeting).ask()
        hear(socket, "the stream has ended")
    }

    private companion object {
        /** Of those addresses that every network may use as it likes. */
        const val GROUP = "239.255.7.40"

        /** More than any queue holds: net.unix.max_dgram_qlen is 10, or 512 on some systems. */
        const val MANY = 100_000

        val WHILE = 300.milliseconds
    }
}
