package dev.ancilla.examples.guide

import dev.ancilla.Message
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.UnixDgramSocket
import dev.ancilla.coroutines.receive
import dev.ancilla.coroutines.send
import dev.ancilla.examples.printedBy
import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.collections.shouldContainExactlyInAnyOrder
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldStartWith
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeout
import java.net.InetSocketAddress
import java.util.concurrent.atomic.AtomicInteger
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource

/** Runs what docs/guide-kotlin.md shows. */
class KotlinGuideTest : FunSpec({
    timeout = 60_000

    val directory = tempdir().toPath()

    fun address(name: String) = UnixAddress.path(directory.resolve("$name.sock"))

    fun bound(): UnixDgramSocket = Sockets.unixDgram().bind(UnixAddress.autobind())

    test("a message from somebody without a name") {
        printedBy { KotlinGuide.sendAndReceive(address("hello")) } shouldBe
            "hello from somebody without a name\n"
    }

    test("waiting a while, for nothing and for something") {
        bound().use { socket ->
            printedBy { KotlinGuide.waitAWhile(socket) } shouldBe "nothing came\n"
            socket.send("to myself", socket.localAddress())
            printedBy { KotlinGuide.waitAWhile(socket) } shouldBe "to myself\n"
        }
    }

    test("targets that do not read, are not there, or are well") {
        bound().use { full ->
            bound().use { well ->
                bound().use { socket ->
                    fill(socket, full)
                    val gone = address("gone")
                    val targets = listOf(full.localAddress(), gone, well.localAddress())
                    val printed = printedBy { KotlinGuide.tellAll(socket, targets, 300.milliseconds) }
                    printed.trim().lines() shouldContainExactlyInAnyOrder
                        listOf("$gone is not there: ENOENT", "${full.localAddress()} does not read")
                    well.receive().use { it.text() } shouldBe "news"
                }
            }
        }
    }

    test("what is sent after waiting is the latest") {
        bound().use { slow ->
            bound().use { socket ->
                fill(socket, slow)
                val temperature = AtomicInteger(20)
                coroutineScope {
                    // Undispatched: it has met the full target when this goes on.
                    launch(start = CoroutineStart.UNDISPATCHED) {
                        KotlinGuide.sendTheLatest(socket, slow.localAddress(), temperature::get)
                    }
                    temperature.set(21)
                    slow.receiveUntil("21 °C")
                }
            }
        }
    }

    test("sending goes on when the server was restarted, and while it is away it fails") {
        val server = address("restarted")
        Sockets.unixDgram().open().use { client ->
            Sockets.unixDgram().bind(server).use {
                client.tryConnect(server)
                KotlinGuide.sendAcrossRestarts(client, server, "first")
                it.receive().use { m -> m.text() } shouldBe "first"
            }
            repeat(2) {
                val failure = runCatching { KotlinGuide.sendAcrossRestarts(client, server, "away") }
                failure.exceptionOrNull()?.message.toString() shouldStartWith "connect ENOENT"
            }
            Sockets.unixDgram().bind(server).use {
                KotlinGuide.sendAcrossRestarts(client, server, "second")
                it.receive().use { m -> m.text() } shouldBe "second"
            }
        }
    }

    test("a question over UDP is asked again until there is an answer, and not for ever") {
        Sockets.udp().bind(0).use { server ->
            Sockets.udp().connect(InetSocketAddress("127.0.0.1", server.localAddress().port)).use { client ->
                coroutineScope {
                    launch {
                        server.receive().close() // As if it had been lost.
                        server.receive().use { server.send("yes", it.sender()) }
                    }
                    KotlinGuide.askAgain(client) shouldBe "yes"
                }
                KotlinGuide.askAgain(client) shouldBe null
            }
        }
    }

    test("the end of a pipe is handed out") {
        Sockets.unixDgram().maxDescriptors(1).pair().use { pair ->
            printedBy { KotlinGuide.handOutAPipe(pair.left(), pair.right()) } shouldBe "written elsewhere\n"
        }
    }

    test("a flow ends where its collector says, and takes no more") {
        bound().use { socket ->
            for (text in listOf("one", "two", "end", "after")) socket.send(text, socket.localAddress())
            printedBy { KotlinGuide.flow(socket) } shouldBe "one\ntwo\n"
            socket.receive().use { it.text() } shouldBe "after"
        }
    }

    test("the newest of five, and how many were dropped") {
        bound().use { socket ->
            val printed =
                printedBy {
                    coroutineScope {
                        launch(Dispatchers.Default) { KotlinGuide.newest(socket) }
                        for (n in 1..5) socket.send("reading $n", socket.localAddress())
                    }
                }
            printed shouldBe "reading 5 after 4 dropped\n"
        }
    }

    test("a question has its answer") {
        val address = address("answers")
        Sockets.unixDgram().bind(address).use { server ->
            coroutineScope {
                val serving = launch(Dispatchers.Default) { KotlinGuide.serve(server) }
                printedBy { KotlinGuide.ask(address) } shouldBe "Ancilla is 7 characters long\n"
                serving.cancelAndJoin()
            }
        }
    }

    test("the sample of the conversation is what the KDoc shows, and gives its answer") {
        val address = address("sample")
        Sockets.unixDgram().bind(address).use { server ->
            withTimeout(30.seconds) { askAndAnswer(server, address) } shouldBe 42
        }
    }

    test("a buffer is sent and read again") {
        Sockets.unixDgram().pair().use { pair ->
            printedBy { KotlinGuide.payloads(pair.left(), pair.right()) } shouldBe "7 seven, 0 bytes left\n"
        }
    }

    test("an echo on the loop") {
        bound().use { server ->
            bound().use { client ->
                coroutineScope {
                    val echo = async { KotlinGuide.echoOnTheLoop(server) }
                    client.send("echo", server.localAddress())
                    client.receive().use { it.text() } shouldBe "echo"
                    server.close()
                    echo.await()
                }
            }
        }
    }

    test("a socket on a loop of its own") {
        val address = address("own")
        printedBy { KotlinGuide.ownLoop(address) } shouldBe "$address is served by the thread control\n"
    }

    test("the watchdog tells that the loop is blocked") {
        bound().use { socket ->
            val printed =
                printedBy { soFar ->
                    KotlinGuide.watched(socket.eventLoop()) {
                        socket.eventLoop().inLoop() shouldBe true
                        val started = TimeSource.Monotonic.markNow()
                        while ('\n' !in soFar() && started.elapsedNow() < 30.seconds) Thread.sleep(5)
                    }
                }
            printed shouldStartWith socket.eventLoop().name()
            printed.trim().lines().size shouldBe 1
        }
    }
})

/** Sends until there is no room. */
private fun fill(socket: UnixDgramSocket, target: UnixDgramSocket) {
    while (socket.trySend(Message.of("filling").to(target.localAddress()))) continue
}

private suspend fun UnixDgramSocket.receiveUntil(text: String) {
    while (receive().use { it.text() } != text) continue
}
