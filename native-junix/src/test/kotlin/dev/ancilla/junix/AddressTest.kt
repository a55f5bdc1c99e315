package dev.ancilla.junix

import dev.ancilla.Errno
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.matchers.shouldBe
import java.nio.file.Path

/** Names are exact, and whoever is told as a sender can be answered. */
class AddressTest : RowSpec({
    test("A27 abstract names are exact, with inner NULs, and replies to them arrive") {
        val names =
            listOf(
                "plain-${System.nanoTime()}".toByteArray(),
                "inner\u0000nul\u0000${System.nanoTime()}".toByteArray(),
                "\u0000first-${System.nanoTime()}".toByteArray(),
                byteArrayOf(-1, 0, -2, 9, 10, 127) + "${System.nanoTime()}".toByteArray(),
                ByteArray(107) { if (it % 2 == 0) 0 else (it + 1).toByte() }.also { it[106] = 7 },
            )
        bound(maxDescriptors = 1).use { server ->
            for (bytes in names) {
                val name = UnixAddress.abstractName(bytes)
                withClue(name) {
                    Sockets.unixDgram().bind(name).use { client ->
                        client.localAddress().name().contentEquals(bytes) shouldBe true
                        repeat(2) { client.send("question", server.localAddress()) }
                        client.send("", server.localAddress())
                        repeat(3) {
                            server.receive().use { datagram ->
                                datagram.sender() shouldBe name
                                server.send("answer", datagram.sender())
                            }
                            client.receiveText() shouldBe "answer"
                        }
                        client.tryConnect(server.localAddress())
                        server.tryConnect(name)
                        server.remoteAddress() shouldBe name
                        client.remoteAddress() shouldBe server.localAddress()
                        server.disconnect()
                    }
                }
            }
        }
    }

    test("A27 names that differ in a NUL are different names") {
        val start = "nul-${System.nanoTime()}"
        Sockets.unixDgram().bind(UnixAddress.abstractName(start)).use { short ->
            Sockets.unixDgram().bind(UnixAddress.abstractName("$start\u0000")).use { long ->
                long.send("for the short one", short.localAddress())
                short.send("for the long one", long.localAddress())
                short.receiveText() shouldBe "for the short one"
                long.receiveText() shouldBe "for the long one"
                long.localAddress().name().size shouldBe start.length + 1
            }
        }
    }

    test("B7 paths arrive exactly as they were bound, in any bytes") {
        val at = directory.toString().toByteArray()
        val names =
            listOf(
                "/plain".toByteArray(),
                "/grüße und \"leer\"\n".toByteArray(),
                "/x".toByteArray().copyOf(107 - at.size).also { it.fill('y'.code.toByte(), 2) },
            )
        bound().use { server ->
            for (bytes in names.map { at + it } + listOf("relative-${System.nanoTime()}".toByteArray())) {
                val name = UnixAddress.path(bytes)
                withClue(name) {
                    Sockets.unixDgram().bind(name).use { client ->
                        client.localAddress() shouldBe name
                        client.send("question", server.localAddress())
                        server.receive().use { server.send("answer", it.sender().also { it shouldBe name }) }
                        client.receiveText() shouldBe "answer"
                    }
                }
            }
        }
    }

    test("B8 a connected socket replies, reconnects, and still sends elsewhere") {
        bound().use { one ->
            bound().use { two ->
                bound().use { socket ->
                    socket.tryConnect(one.localAddress())
                    socket.send("one", null)
                    socket.send("two", two.localAddress())
                    one.receiveText() shouldBe "one"
                    two.receiveText() shouldBe "two"
                    two.refusal(socket.localAddress()).errno() shouldBe Errno.EPERM
                    one.send("reply", socket.localAddress())
                    socket.receiveText() shouldBe "reply"
                    socket.tryConnect(two.localAddress())
                    socket.remoteAddress() shouldBe two.localAddress()
                    socket.send("two again", null)
                    two.receiveText() shouldBe "two again"
                    shouldThrow<SocketOpException> {
                        socket.tryConnect(UnixAddress.path(Path.of("/nowhere/x.sock")))
                    }.errno() shouldBe Errno.ENOENT
                    socket.remoteAddress() shouldBe two.localAddress()
                }
            }
        }
    }

    test("B9 a disconnected socket keeps its name and hears everybody again") {
        bound().use { one ->
            bound().use { two ->
                bound().use { socket ->
                    val name = socket.localAddress()
                    repeat(2) {
                        socket.tryConnect(one.localAddress())
                        two.refusal(name).errno() shouldBe Errno.EPERM
                        socket.disconnect()
                        socket.disconnect()
                        socket.remoteAddress() shouldBe null
                        socket.localAddress() shouldBe name
                        two.send("heard", name)
                        socket.receiveText() shouldBe "heard"
                        socket.refusal(null).errno() shouldBe Errno.ENOTCONN
                    }
                }
            }
        }
    }
})
