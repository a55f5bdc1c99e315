package dev.ancilla.examples

import dev.ancilla.Message
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.UnixDgramClient
import dev.ancilla.examples.tool.Program
import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldStartWith
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.withContext
import java.nio.file.Files
import java.nio.file.Path
import java.time.Duration
import java.util.concurrent.TimeUnit
import kotlin.time.Duration.Companion.seconds

/** The key-value services, each as a process of its own, and clients in every style. */
class KeyValueTest : FunSpec({
    val directory = tempdir().toPath()

    for (service in listOf("KeyValueServiceKt", "KeyValueServer")) {
        val path = directory.resolve("$service.sock")
        val address = UnixAddress.path(path)

        fun start() = Program.example(service, "$address").also { program ->
            program.until("address") { "serving at $address" in program.out }
        }

        test("$service answers several clients at once, in every style") {
            start().use {
                val clients: List<suspend () -> List<String>> =
                    List(4) { n -> suspend { suspending(address, n) } } +
                        List(4) { n -> suspend { blocking(address, n) } } +
                        List(4) { n -> suspend { futures(address, n) } }
                withContext(Dispatchers.IO) {
                    for (answers in clients.map { async { it() } }.awaitAll()) {
                        answers shouldContainExactly
                            ANSWERS
                    }
                }
            }
        }

        test("$service tells what is wrong with a request, however long it is") {
            start().use {
                client(address).use {
                    it.ask("nonsense", PATIENCE) shouldStartWith "error: neither"
                    it.ask("nonsense".repeat(20_000), PATIENCE) shouldStartWith "error: neither"
                    it.ask("", PATIENCE) shouldStartWith "error: neither"
                }
            }
        }

        test("$service serves on when clients die before their answers, have no name, or do not read") {
            start().use { program ->
                repeat(50) {
                    Sockets.unixDgram().bind(UnixAddress.autobind()).use { dying ->
                        dying.blocking().send(Message.of("get nothing").to(address))
                    }
                }
                Sockets.unixDgram().open().use { it.blocking().send(Message.of("put by nobody").to(address)) }
                Sockets.unixDgram().bind(UnixAddress.autobind()).use { deaf ->
                    repeat(30) { deaf.blocking().send(Message.of("get nothing").to(address)) }
                    client(address).use { it.ask("get by", PATIENCE) shouldBe "nobody" }
                }
                program.err shouldBe ""
            }
        }

        test("$service ends cleanly on SIGTERM, and starts again at the same path") {
            repeat(2) {
                start().use { program ->
                    client(address).use { it.ask("get anything", PATIENCE) shouldBe "none" }
                    program.terminate()
                    program.status() shouldBe SIGTERM
                    program.out shouldBe "serving at $address\nserved\n"
                    program.err shouldBe ""
                    Files.exists(path) shouldBe false
                }
            }
        }

        test("$service replaces the socket file that a killed one left behind, but no living one's") {
            start().use { it.kill() }
            Files.exists(path) shouldBe true
            start().use {
                Program.example(service, "$address").use { second ->
                    second.status() shouldBe 1
                    second.err shouldContain "EADDRINUSE"
                    second.out shouldBe ""
                }
                client(address).use { it.ask("get anything", PATIENCE) shouldBe "none" }
            }
        }
    }
})

private const val SIGTERM = 128 + 15
private val PATIENCE = 30.seconds
private val ANSWERS = List(25) { listOf("ok", "value $it") }.flatten()

private fun client(address: UnixAddress) =
    UnixDgramClient(address, { question: String -> Message.of(question) }, { it.text() })

private suspend fun suspending(address: UnixAddress, n: Int): List<String> = client(address).use { client ->
    List(25) {
        listOf(
            client.ask("put s$n-$it value $it", PATIENCE),
            client.ask("get s$n-$it", PATIENCE),
        )
    }.flatten()
}

private fun blocking(address: UnixAddress, n: Int): List<String> =
    Sockets.unixDgram().bind(UnixAddress.autobind()).use { socket ->
        socket.tryConnect(address)

        fun ask(question: String): String {
            socket.blocking().send(Message.of(question))
            return socket.blocking().receive(Duration.ofSeconds(30)).use { it.text() }
        }
        List(25) { listOf(ask("put b$n-$it value $it"), ask("get b$n-$it")) }.flatten()
    }

private fun futures(address: UnixAddress, n: Int): List<String> {
    val client = KeyValueClient(address, Duration.ofSeconds(30))
    return List(25) {
        client.ask("put f$n-$it value $it").thenCompose { ok ->
            client.ask("get f$n-$it").thenApply { value -> listOf(ok, value) }
        }
    }.flatMap { it.get(60, TimeUnit.SECONDS) }
}
