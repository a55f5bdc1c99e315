package dev.ancilla.examples

import dev.ancilla.Message
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.UnixDgramSocket
import dev.ancilla.examples.tool.Program
import io.kotest.assertions.nondeterministic.eventually
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.collections.shouldContain
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.ints.shouldBeLessThan
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldStartWith
import io.kotest.matchers.types.shouldBeInstanceOf
import java.nio.file.Files
import java.nio.file.Path
import java.time.Duration
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.ExecutionException
import java.util.concurrent.TimeUnit
import java.util.concurrent.TimeoutException
import kotlin.time.Duration.Companion.seconds

/** The programs in plain Java: listeners, futures, and threads of both kinds. */
class JavaExamplesTest : FunSpec({
    val directory = tempdir().toPath()
    val path = directory.resolve("java.sock")
    val address = UnixAddress.path(path)

    fun subscriber(): UnixDgramSocket = Sockets.unixDgram().bind(UnixAddress.autobind()).also {
        it.blocking().send(Message.of("subscribe").to(address))
    }

    fun UnixDgramSocket.next() = blocking().receive(Duration.ofSeconds(30)).use { it.text() }

    test(
        "the publisher tells a fast subscriber everything while a slow one misses some, and knows how many",
    ) {
        val log = CopyOnWriteArrayList<String>()
        Publisher(address, log::add).use { publisher ->
            subscriber().use { slow ->
                subscriber().use { fast ->
                    eventually(30.seconds) { log.size shouldBe 2 }
                    repeat(300) {
                        publisher.publish("news $it")
                        fast.next() shouldBe "news $it"
                    }
                    log.count { it.startsWith("slow") } shouldBe 1
                    log shouldContain "slow ${slow.localAddress()}"

                    val seen = ArrayList<Int>()
                    var dropped = 0
                    while (seen.lastOrNull() != 299) {
                        val words = slow.next().split(' ')
                        if (words[0] == "news") seen += words[1].toInt() else dropped += words[0].toInt()
                    }
                    seen.size shouldBeLessThan 300
                    seen.size + dropped shouldBe 300
                    seen shouldContainExactly seen.sorted().distinct()
                }
            }
            publisher.publish("nobody is there any more")
            eventually(30.seconds) { log.count { it.startsWith("gone") } shouldBe 2 }
        }
    }

    test("the publisher as a process tells what it reads, and ends with it") {
        val process =
            ProcessBuilder(
                Program.javaCommand("dev.ancilla.examples.Publisher", "$address"),
            ).start()
        try {
            val out = process.inputStream.bufferedReader()
            out.readLine() shouldBe "publishing at $address"
            subscriber().use { subscriber ->
                out.readLine() shouldBe "subscribed ${subscriber.localAddress()}"
                process.outputStream.bufferedWriter().use { it.write("first\nsecond\n") }
                listOf(subscriber.next(), subscriber.next()) shouldContainExactly listOf("first", "second")
            }
            process.waitFor(30, TimeUnit.SECONDS) shouldBe true
            process.exitValue() shouldBe 0
            Files.exists(path) shouldBe false
        } finally {
            process.destroyForcibly()
        }
    }

    test("futures are chained, combined and awaited together") {
        Program.example("KeyValueServer", "$address").use { server ->
            server.until("address") { "serving" in server.out }
            Program.example("KeyValueClient", "$address").use {
                it.status() shouldBe 0
                it.out shouldBe "hello, world\n"
                it.err shouldBe ""
            }
            val client = KeyValueClient(address, Duration.ofSeconds(30))
            client.putAll("a", "1", "b", "2").get(30, TimeUnit.SECONDS)
            client.ask("get b").thenCompose { client.ask("put c $it") }.get(30, TimeUnit.SECONDS) shouldBe
                "ok"
            client.ask("get c").get(30, TimeUnit.SECONDS) shouldBe "2"
        }
    }

    test("a future that times out, is cancelled or is refused leaves no socket behind") {
        val silent = UnixAddress.path(directory.resolve("silent.sock"))
        val nobody = UnixAddress.path(directory.resolve("nobody.sock"))
        val rounds = 20
        Sockets.unixDgram().bind(silent).use { server ->
            server.listen { _, _ -> } // Keeps the loop's own descriptors open.
            val before = openDescriptors()
            repeat(rounds) {
                val timedOut = KeyValueClient(silent, Duration.ofMillis(20)).ask("anybody there?")
                shouldThrow<ExecutionException> { timedOut.get(30, TimeUnit.SECONDS) }
                    .cause
                    .shouldBeInstanceOf<TimeoutException>()

                val cancelled = KeyValueClient(silent, Duration.ofSeconds(60)).ask("anybody there?")
                cancelled.cancel(false) shouldBe true

                val refused = KeyValueClient(nobody, Duration.ofSeconds(30)).putAll("a", "1", "b", "2")
                shouldThrow<ExecutionException> { refused.get(30, TimeUnit.SECONDS) }
                    .cause
                    .shouldBeInstanceOf<SocketOpException>()
                    .message
                    .shouldStartWith("connect ENOENT $nobody: No such file or directory")
            }
            eventually(30.seconds) { openDescriptors() shouldBeLessThan before + rounds }
        }
    }

    test("many clients wait on virtual threads where there are some, and say so where there are none") {
        Program.example("ManyClients").use {
            it.status() shouldBe 0
            it.err shouldBe ""
            it.out shouldBe
                if (Runtime.version().feature() >= 21) {
                    "on virtual threads\n1000 answers for 100 clients\n"
                } else {
                    "on a pool of platform threads: this JVM has no virtual ones\n1000 answers for 100 clients\n"
                }
        }
    }
})

private fun openDescriptors(): Int = Files.list(Path.of("/proc/self/fd")).use { it.count().toInt() }
