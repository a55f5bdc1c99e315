package dev.ancilla.examples.peers

import dev.ancilla.Message
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.end
import dev.ancilla.coroutines.receiveOrNull
import dev.ancilla.coroutines.send
import dev.ancilla.coroutines.write
import dev.ancilla.examples.tool.Program
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.nulls.shouldNotBeNull
import io.kotest.matchers.shouldBe
import java.nio.ByteBuffer
import java.nio.file.Files
import java.nio.file.Path

/** socat(1), as client and as server, at paths and at abstract names. */
internal class SocatTest : PeerSpec({
    val withSocat = Program.needed("socat")
    val withStreams = Program.neededWithStreams("socat")
    val directory = tempdir().toPath()

    /** It stays so long after the end of its input, for an answer. */
    fun socat(from: String, to: String, input: String = "") =
        Program(listOf("socat", "-t", "60", from, to), input.encodeToByteArray())

    suspend fun answers(ours: UnixAddress, theirs: UnixAddress, client: String) {
        Sockets.unixDgram().bind(ours).use { server ->
            socat("-", client, input = "from socat\n").use { socat ->
                server.receiveOrNull(PATIENCE).shouldNotBeNull().use { request ->
                    request.text() shouldBe "from socat\n"
                    request.sender() shouldBe theirs
                    server.send(Message.of("to socat\n").to(request.sender()))
                }
                socat.until("answer") { socat.out == "to socat\n" }
            }
        }
    }

    suspend fun isAnswered(ours: UnixAddress, theirs: UnixAddress, server: String, isBound: () -> Boolean) {
        socat(server, "EXEC:tr a-z A-Z").use { socat ->
            socat.until("socket", isBound)
            Sockets.unixDgram().bind(ours).use { client ->
                client.send(Message.of("quietly").to(theirs))
                client.receiveOrNull(PATIENCE).shouldNotBeNull().use { answer ->
                    answer.text() shouldBe "QUIETLY"
                    answer.sender() shouldBe theirs
                }
            }
            socat.status() shouldBe 0
        }
    }

    fun abstract(name: String) = UnixAddress.parse("unix:@${abstractName(name)}")

    test("socat's UNIX-SENDTO is received from and answered").config(enabledOrReasonIf = { withSocat }) {
        val ours = directory.resolve("server.sock")
        val theirs = directory.resolve("client.sock")
        answers(UnixAddress.path(ours), UnixAddress.path(theirs), "UNIX-SENDTO:$ours,bind=$theirs")
    }

    test("socat's ABSTRACT-SENDTO is received from and answered").config(enabledOrReasonIf = { withSocat }) {
        val client = "ABSTRACT-SENDTO:${abstractName("server")},bind=${abstractName("client")}"
        answers(abstract("server"), abstract("client"), client)
    }

    test("socat's UNIX-RECVFROM receives and answers").config(enabledOrReasonIf = { withSocat }) {
        val ours = directory.resolve("asking.sock")
        val theirs = directory.resolve("answering.sock")
        isAnswered(UnixAddress.path(ours), UnixAddress.path(theirs), "UNIX-RECVFROM:$theirs") {
            Files.exists(theirs)
        }
    }

    test("socat's ABSTRACT-RECVFROM receives, and answers a client that bound itself automatically")
        .config(enabledOrReasonIf = { withSocat }) {
            val name = abstractName("answering")
            isAnswered(UnixAddress.autobind(), abstract("answering"), "ABSTRACT-RECVFROM:$name") {
                "@$name" in Files.readString(Path.of("/proc/net/unix"))
            }
        }

    test("socat's UNIX-CONNECT is accepted, read to its end, and answered")
        .config(enabledOrReasonIf = { withStreams }) {
            val path = directory.resolve("accepting.sock")
            serverAt(path).use { server ->
                socat("-", "UNIX-CONNECT:$path", input = "from socat\n").use { socat ->
                    server.acceptSoon().use { connection ->
                        connection.restAsText() shouldBe "from socat\n"
                        connection.write("to socat\n")
                    }
                    socat.status() shouldBe 0
                    socat.out shouldBe "to socat\n"
                }
            }
        }

    test("socat's UNIX-LISTEN hears the end of our output, and we hear its answer and its end")
        .config(enabledOrReasonIf = { withStreams }) {
            val path = directory.resolve("listening.sock")
            val talkative = listOf("socat", "-d", "-d", "-t", "60")
            Program(talkative + "UNIX-LISTEN:$path" + "EXEC:tr a-z A-Z").use { socat ->
                socat.until("socket") { "listening on" in socat.err }
                connectedTo(path).use { client ->
                    client.end(listOf(ByteBuffer.wrap("quietly".encodeToByteArray())))
                    client.restAsText() shouldBe "QUIETLY"
                }
                socat.status() shouldBe 0
            }
        }

    test("the tool's echo sends back to socat what it sent").config(enabledOrReasonIf = { withSocat }) {
        val ours = directory.resolve("echo.sock")
        Program.tool("-v", "echo", "unix:$ours", "--count", "1").use { echo ->
            echo.until("bound") { "bound " in echo.err }
            socat("-", "UNIX-SENDTO:$ours,bind=$directory/of-echo.sock", input = "there and back").use {
                it.until("echo") { it.out == "there and back" }
            }
            echo.status() shouldBe 0
        }
    }
})

/** No other process has the same at the same time. */
private fun abstractName(name: String) = "ancilla-socat-${ProcessHandle.current().pid()}-$name"
