package dev.ancilla.examples

import dev.ancilla.Message
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.examples.tool.Program
import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.collections.shouldBeSortedWith
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.comparables.shouldBeGreaterThan
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldEndWith
import java.time.Duration
import java.util.concurrent.TimeUnit

/** The collector as a process, and its clients as processes that come and go. */
class LogCollectorTest : FunSpec({
    val directory = tempdir().toPath()

    /** The collector is there when it takes what this sends. */
    fun whenBound(address: UnixAddress, collector: () -> Boolean) = Sockets.unixDgram().open().use { socket ->
        while (collector()) {
            val sent = runCatching { socket.blocking().send(Message.of("first\n").to(address)) }
            if (sent.isSuccess) return@use
            Thread.sleep(10)
        }
    }

    fun collecting(address: UnixAddress) = Program.example("LogCollector", "$address").also { collector ->
        whenBound(address) { collector.isRunning() }
        collector.until("first line") { collector.out == "first\n" }
    }

    fun Program.untilLines(count: Int) = until("$count lines") { out.count { it == '\n' } == count }

    test("the collector lives on while its clients, our tool, come and go") {
        val address = UnixAddress.path(directory.resolve("tool.sock"))
        collecting(address).use { collector ->
            for (n in 1..3) {
                Program.run("send", "$address", "line $n").status shouldBe 0
                collector.untilLines(1 + n)
            }
            collector.out shouldBe "first\nline 1\nline 2\nline 3\n"
        }
    }

    test("the collector takes the lines of logger and of python").config(enabledOrReasonIf = {
        Program.needed("logger", "python3")
    }) {
        val socket = directory.resolve("others.sock")
        collecting(UnixAddress.path(socket)).use { collector ->
            for (n in 1..5) {
                Program(listOf("logger", "-u", "$socket", "--socket-errors=on", "by logger $n")).use {
                    it.status() shouldBe 0
                }
                val script =
                    "import socket, sys; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); " +
                        "s.sendto(b'by python %d\\n' % int(sys.argv[2]), sys.argv[1])"
                Program(listOf("python3", "-c", script, "$socket", "$n")).use { it.status() shouldBe 0 }
            }
            collector.untilLines(11)
            val lines = collector.out.lines()
            for (n in 1..5) {
                lines[2 * n - 1] shouldEndWith "by logger $n"
                lines[2 * n] shouldBe "by python $n"
            }
        }
    }

    test("a collector that was killed is followed by another, and a client goes on with the same socket") {
        val address = UnixAddress.path(directory.resolve("killed.sock"))
        Sockets.unixDgram().open().use { client ->
            repeat(2) {
                collecting(address).use { collector ->
                    client.blocking().send(Message.of("line $it").to(address), Duration.ofSeconds(30))
                    collector.untilLines(2)
                    collector.out shouldBe "first\nline $it\n"
                    collector.kill()
                }
            }
        }
    }

    test("nobody waits for a log that is not read, and every line is printed or counted as dropped") {
        val address = UnixAddress.path(directory.resolve("flood.sock"))
        val sent = 20_000
        val process =
            ProcessBuilder(Program.javaCommand("dev.ancilla.examples.LogCollector", "$address"))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start()
        try {
            whenBound(address) { process.isAlive }
            Sockets.unixDgram().connect(address).use { client ->
                // Nobody reads what the collector prints: its pipe is full long before the end of this.
                repeat(sent) { client.blocking().send(Message.of("line $it"), Duration.ofSeconds(30)) }
            }
            val printed = ArrayList<Int>()
            var dropped = 0
            val reader = process.inputStream.bufferedReader()
            check(reader.readLine() == "first")
            while (printed.size + dropped < sent) {
                val words = reader.readLine().split(' ')
                if (words[0] == "line") printed += words[1].toInt() else dropped += words[0].toInt()
            }
            dropped shouldBeGreaterThan 0
            printed.size + dropped shouldBe sent
            printed shouldContainExactly printed.distinct()
            printed shouldBeSortedWith naturalOrder()
            printed.last() shouldBe sent - 1

            // What comes after the flood is not dropped.
            Sockets.unixDgram().connect(address).use { it.blocking().send(Message.of("after")) }
            reader.readLine() shouldBe "after"
        } finally {
            process.destroyForcibly().waitFor(30, TimeUnit.SECONDS)
        }
    }
})
