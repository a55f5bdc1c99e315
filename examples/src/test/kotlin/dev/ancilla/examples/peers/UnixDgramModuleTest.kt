package dev.ancilla.examples.peers

import dev.ancilla.DgramSocket
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.receiveOrNull
import dev.ancilla.coroutines.send
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.collections.shouldContain
import io.kotest.matchers.ints.shouldBeGreaterThan
import io.kotest.matchers.nulls.shouldNotBeNull
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.writeText

/** The npm module unix-dgram, whose job Ancilla took over, as client and as server. */
internal class UnixDgramModuleTest : PeerSpec({
    val module = NodeModule("unix-dgram", "2.0.7")
    val whether = module.needed
    val directory = tempdir().toPath()

    fun bound(name: String): DgramSocket = Sockets.unixDgram().bind(UnixAddress.path(directory.resolve(name)))

    test("S1 a client of unix-dgram is received from, at its path, and answered").config(enabledOrReasonIf = {
        whether
    }) {
        bound("server.sock").use { server ->
            val path = directory.resolve("their-client.sock")
            module.program("client", "$path", "$directory/server.sock").use { client ->
                // A small one, an empty one, and one of 60,000 bytes that are no text.
                for (size in listOf(5, 0, 60_000)) {
                    server.receiveOrNull(PATIENCE).shouldNotBeNull().use { request ->
                        request.size() shouldBe size
                        request.sender() shouldBe UnixAddress.path(path)
                        server.send(Message.of(request.payload()).to(request.sender()))
                    }
                }
                client.status() shouldBe 0
                client.out shouldBe "same 5\nsame 0\nsame 60000\n"
            }
        }
    }

    test("S1 a server of unix-dgram receives, and answers whoever has a path").config(enabledOrReasonIf = {
        whether
    }) {
        val path = directory.resolve("their-server.sock")
        module.program("server", "$path", "3").use { server ->
            server.until("socket") { Files.exists(path) }
            bound("client.sock").use { client ->
                client.send(Message.of("grüße").to(UnixAddress.path(path)))
                client.receiveOrNull(PATIENCE).shouldNotBeNull().use { answer ->
                    answer.text() shouldBe "GRÜSSE"
                    answer.sender() shouldBe UnixAddress.path(path)
                }
                // It has no room for descriptors: the kernel drops them and the message arrives.
                OwnedFd.open(Path.of("/etc/hostname")).use { file ->
                    client.send(Message.of("with a file").to(UnixAddress.path(path)).with(file))
                }
                client.receiveText() shouldBe "WITH A FILE"
            }
            Sockets.unixDgram().bind(UnixAddress.autobind()).use { abstract ->
                abstract.send(Message.of("from no path").to(UnixAddress.path(path)))
            }
            server.status() shouldBe 0
            server.out shouldBe "grüße\nwith a file\nfrom no path\n"
        }
    }

    test("S1 unix-dgram meets congestion at our full receiver, and goes on when we read")
        .config(enabledOrReasonIf = { whether }) {
            bound("full.sock").use { receiver ->
                module.program("flood", "$directory/full.sock", "1000").use { sender ->
                    sender.until("congestion") { "congestion" in sender.out }
                    sender.out.contains("writable") shouldBe false

                    List(1000) { receiver.receiveText() } shouldBe List(1000) { "$it" }
                    sender.status() shouldBe 0
                    val events = sender.out.lines().dropLast(1)
                    // It is told that there is room as often as it is told that there is none.
                    events.count { it == "writable" } shouldBe events.count { it == "congestion" }
                    events.last() shouldBe "sent 1000"
                }
                receiver.tryReceive() shouldBe null
            }
        }

    test("S1 we wait for a full receiver of unix-dgram, serve another, and lose nothing")
        .config(enabledOrReasonIf = { whether }) {
            val path = directory.resolve("busy.sock")
            val gate = directory.resolve("gate")
            module.program("busy", "$path", "$gate").use { receiver ->
                receiver.until("socket") { Files.exists(path) }
                var sent = 0
                // More than a long queue takes: it is the receiver that is to be full, and not our buffer.
                Sockets.unixDgram().sendBufferSize(1 shl 20).open().use { sender ->
                    while (sender.trySend(Message.of("$sent").to(UnixAddress.path(path)))) sent++
                    sent shouldBeGreaterThan 0
                    coroutineScope {
                        val rest =
                            async(Dispatchers.Default) {
                                for (n in 0 until 100) sender.send("${sent + n}", UnixAddress.path(path))
                                sender.send("end", UnixAddress.path(path))
                            }
                        bound("other.sock").use { other ->
                            sender.send("meanwhile", other.localAddress())
                            other.receiveText() shouldBe "meanwhile"
                        }
                        delay(100)
                        rest.isCompleted shouldBe false
                        gate.writeText("open")
                        rest.await()
                    }
                }
                receiver.status() shouldBe 0
                receiver.out.lines().dropLast(1) shouldBe List(sent + 100) { "$it" }
            }
        }

    test("S1 unix-dgram is told that nobody is there when our socket is closed").config(enabledOrReasonIf = {
        whether
    }) {
        val path = directory.resolve("closed.sock")
        bound("closed.sock").close()
        module.program("flood", "$path", "1").use { sender ->
            sender.status() shouldBe 1
            sender.err.lines() shouldContain "connect: -2"
        }
    }
})
