package dev.ancilla.examples.tool

import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldMatch
import java.nio.file.Files
import kotlin.io.path.writeText

class EchoTest : FunSpec({
    val directory = tempdir().toPath()

    fun echoing(address: String, vararg args: String): Program {
        val program = Program.tool("-v", "echo", address, *args)
        program.until("bound") { "bound " in program.err }
        return program
    }

    test("a message comes back with its descriptors, and an empty one comes back") {
        val socket = directory.resolve("echo.sock")
        val file = directory.resolve("file").apply { writeText("content") }
        echoing("unix:$socket", "--count", "2").use { echo ->
            val ended =
                Program.run("send", "unix:$socket", "hello", "--fd", "$file", "--fd", "/dev/null", "--reply")
            ended.status shouldBe 0
            ended.out shouldMatch
                """hello\n    fd \d+: file $file, 7 bytes\n    fd \d+: device /dev/null\n"""

            Program.run("send", "unix:$socket", "--empty", "--reply") shouldBe Ended(0, "\n", "")
            echo.status() shouldBe 0
            echo.out shouldBe ""
            echo.err shouldContain "ancilla: sent back 5 bytes and 2 descriptors to unix:@"
        }
    }

    test("who cannot be answered, or has gone, is told and ends nothing") {
        val socket = directory.resolve("unnamed.sock")
        echoing("unix:$socket", "--count", "3").use { echo ->
            Program.run("send", "unix:$socket", "from nobody").status shouldBe 0
            echo.until("word of it") { "no reply: the sender has no address" in echo.err }

            echo.suspended {
                val gone = directory.resolve("gone.sock")
                Program.run("send", "unix:$socket", "x", "--bind", "unix:$gone").status shouldBe 0
            }
            echo.until("word of it") { "no reply: send ENOENT unix:$directory/gone.sock: " in echo.err }

            Program.run("send", "unix:$socket", "still there?", "--reply").out shouldBe "still there?\n"
            echo.status() shouldBe 0
        }
    }

    test("nothing within the timeout is status 1") {
        val socket = directory.resolve("nothing.sock")
        Program.run("echo", "unix:$socket", "--timeout", "0.1") shouldBe
            Ended(1, "", "ancilla: echo unix:$socket: 0 arrived, then none for 100ms\n")
    }

    test("it goes on until a signal ends it, and removes its file") {
        val socket = directory.resolve("signal.sock")
        echoing("unix:$socket").use { echo ->
            Program.run("send", "unix:$socket", "once", "--reply").out shouldBe "once\n"
            Program.run("send", "unix:$socket", "again", "--reply").out shouldBe "again\n"
            echo.terminate()
            echo.status() shouldBe 128 + 15
        }
        Files.exists(socket) shouldBe false
    }

    test("a sender of port 0, which only root can be, is told and ends nothing")
        .config(enabled = rawSocket(0) == 0) {
            echoing("udp:127.0.0.1:0", "--count", "2").use { echo ->
                val address = echo.err.substringAfter("bound ").substringBefore(',')
                rawSocket(address.substringAfterLast(':').toInt()) shouldBe 0
                echo.until("word of it") { "no reply: udp:127.0.0.1:0 has no port" in echo.err }
                Program.run("send", address, "ping", "--reply", "--timeout", "30").out shouldBe "ping\n"
                echo.status() shouldBe 0
            }
        }

    test("UDP comes back too") {
        echoing("udp:127.0.0.1:0", "--count", "1").use { echo ->
            val address = echo.err.substringAfter("bound ").substringBefore(',')
            Program.run("send", address, "ping", "--reply", "--timeout", "30") shouldBe Ended(0, "ping\n", "")
            echo.status() shouldBe 0
        }
    }
})

/** Sends a UDP packet from port 0, of a raw socket, and returns the status of who did. */
private fun rawSocket(port: Int): Int {
    val send =
        "import socket, struct; s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP); " +
            "s.sendto(struct.pack('!HHHH', 0, $port, 9, 0) + b'x', ('127.0.0.1', 0))"
    return runCatching { ProcessBuilder("python3", "-c", send).start().waitFor() }.getOrDefault(1)
}
