package dev.ancilla.examples.tool

import dev.ancilla.Message
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldEndWith
import io.kotest.matchers.string.shouldMatch
import java.nio.file.Files
import java.nio.file.attribute.PosixFilePermissions
import kotlin.io.path.readText
import kotlin.io.path.writeText

class RecvTest : FunSpec({
    val directory = tempdir().toPath()

    test("json is one object a line, as the contract shows it, with the sender and the file") {
        val socket = directory.resolve("json.sock")
        val from = directory.resolve("json-from.sock")
        val file = directory.resolve("twelve").apply { writeText("twelve bytes") }
        Program.receiving(socket, "--count", "1", "--format", "json").use { recv ->
            Program.run("send", "$socket", "ping", "--bind", "unix:$from", "--fd", "$file").status shouldBe 0

            recv.status() shouldBe 0
            recv.out shouldMatch
                """\{"n":1,"bytes":4,"payload":"cGluZw==","text":"ping","sender":"unix:$from",""" +
                """"truncated":false,"fds":\[\{"fd":\d+,"type":"file","target":"$file","size":12}],""" +
                """"ancillaryTruncated":false,"credentials":null}\n"""
        }
    }

    test("json has no text for what is not UTF-8, and no sender for who has no name") {
        val socket = directory.resolve("bytes.sock")
        val file = directory.resolve("bytes").also { Files.write(it, byteArrayOf(-1, 0, 34)) }
        Program.receiving(socket, "--count", "1", "--format", "json").use { recv ->
            Program.run("send", "unix:$socket", "--file", "$file").status shouldBe 0

            recv.status() shouldBe 0
            recv.out shouldBe
                """{"n":1,"bytes":3,"payload":"/wAi","text":null,"sender":null,"truncated":false,""" +
                """"fds":[],"ancillaryTruncated":false,"credentials":null}""" + "\n"
        }
    }

    test("text is a line a message, told at once, and raw is the bytes alone") {
        val socket = directory.resolve("text.sock")
        Program.receiving(socket).use { recv ->
            Program.run("send", "unix:$socket", "one", "two\n", "").status shouldBe 0
            recv.until("output") { recv.out == "one\ntwo\n\n" }
        }
        val raw = directory.resolve("raw.sock")
        Program.receiving(raw, "--format", "raw", "--count", "2").use { recv ->
            Program.run("send", "unix:$raw", "a\n", "b").status shouldBe 0
            recv.status() shouldBe 0
            recv.out shouldBe "a\nb"
        }
    }

    test("a limit cuts the message and says so") {
        val socket = directory.resolve("limit.sock")
        Program.receiving(socket, "--limit", "3", "--count", "1", "--format", "json").use { recv ->
            Program.run("send", "unix:$socket", "12345").status shouldBe 0
            recv.status() shouldBe 0
            recv.out shouldContain """"bytes":3,"payload":"MTIz","text":"123",""""
            recv.out shouldContain """"truncated":true"""
        }
    }

    test("descriptors beyond the limit are discarded, and that is told") {
        val socket = directory.resolve("few.sock")
        Program.receiving(socket, "--max-fds", "1", "--count", "1", "--format", "json").use { recv ->
            Program
                .run("send", "unix:$socket", "x", "--fd", "/etc/passwd", "--fd", "/etc/group")
                .status shouldBe 0
            recv.status() shouldBe 0
            recv.out shouldContain """"target":"/etc/passwd""""
            recv.out shouldContain """"ancillaryTruncated":true"""
        }
    }

    test("what the descriptors hold is saved, wherever the sender has read to") {
        val socket = directory.resolve("save.sock")
        val saved = directory.resolve("saved")
        val files = listOf("first", "second").map(directory::resolve)
        files.forEach { it.writeText("this is the ${it.fileName}") }
        Program.receiving(socket, "--save-fds", "$saved", "--count", "2").use { recv ->
            val fds = files.flatMap { listOf("--fd", "$it") }.toTypedArray()
            Program.run("send", "unix:$socket", "x", "y", *fds).status shouldBe 0
            recv.status() shouldBe 0
        }
        Files
            .list(saved)
            .use { it.sorted().map { file -> file.fileName.toString() }.toList() }
            .shouldContainExactly("message-1-fd-1", "message-1-fd-2")
        saved.resolve("message-1-fd-1").readText() shouldBe "this is the first"
        saved.resolve("message-1-fd-2").readText() shouldBe "this is the second"
    }

    test("the socket file has the mode that was asked for") {
        val socket = directory.resolve("mode.sock")
        Program.receiving(socket, "--mode", "0620").use {
            PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)) shouldBe "rw--w----"
        }
    }

    test("SIGTERM removes the socket file and prints nothing") {
        val socket = directory.resolve("term.sock")
        Program.receiving(socket).use { recv ->
            recv.terminate()
            recv.status() shouldBe 128 + 15
            recv.err.lines().filter { "bound" !in it && it.isNotEmpty() } shouldBe emptyList()
        }
        Files.exists(socket) shouldBe false
    }

    test("a socket file that a killed process left is replaced only when that is asked for") {
        val socket = directory.resolve("stale.sock")
        Program.receiving(socket).close()
        Files.exists(socket) shouldBe true

        Program.run("recv", "unix:$socket") shouldBe
            Ended(3, "", "ancilla: bind EADDRINUSE unix:$socket: Address already in use\n")
        Program.receiving(socket, "--replace-stale", "--count", "1").use { recv ->
            Program.run("recv", "unix:$socket", "--replace-stale").status shouldBe 3
            Program.run("send", "unix:$socket", "alive").status shouldBe 0
            recv.status() shouldBe 0
            recv.out shouldBe "alive\n"
        }
    }

    test("nothing within the timeout is status 1, and so are fewer than the count") {
        val socket = directory.resolve("nothing.sock")
        val nothing = Program.run("recv", "unix:$socket", "--timeout", "0.1")
        nothing.status shouldBe 1
        nothing.out shouldBe ""

        // Sent from here: another process might take longer to start than the timeout.
        val sender = Sockets.unixDgram().open()
        Program.receiving(socket, "--count", "2", "--timeout", "2").use { recv ->
            sender.trySend(Message.of("only one").to(UnixAddress.path(socket))) shouldBe true
            recv.status() shouldBe 1
            recv.out shouldBe "only one\n"
        }
        Program.receiving(socket, "--timeout", "2").use { recv ->
            sender.trySend(Message.of("enough").to(UnixAddress.path(socket))) shouldBe true
            recv.status() shouldBe 0
        }
        sender.close()
    }

    test("each message is answered to its sender, and one without a name is no obstacle") {
        val socket = directory.resolve("reply.sock")
        Program.receiving(socket, "--reply", "pong", "--count", "2").use { recv ->
            Program.run("send", "unix:$socket", "unnamed").status shouldBe 0
            val asked = Program.run("send", "unix:$socket", "ping", "--reply", "--timeout", "30")
            asked shouldBe Ended(0, "pong\n", "")
            recv.status() shouldBe 0
            recv.err shouldContain "ancilla: no reply: the sender has no address"
        }
    }

    test("an abstract name with any bytes is bound and sent to") {
        val name = """unix:@ancilla-test-${ProcessHandle.current().pid()}\0\x01end"""
        Program.tool("-v", "recv", name, "--count", "1").use { recv ->
            recv.until("bound") { "bound unix:@" in recv.err }
            Program.run("send", name, "hello").status shouldBe 0
            recv.status() shouldBe 0
            recv.out shouldBe "hello\n"
        }
    }

    test("each message is answered, and a sender that has no address is told and ends nothing") {
        val socket = directory.resolve("reply.sock")
        Program.receiving(socket, "--count", "3", "--reply", "taken").use { recv ->
            Program.run("send", "unix:$socket", "one", "--reply") shouldBe Ended(0, "taken\n", "")
            Program.run("send", "unix:$socket", "two").status shouldBe 0
            Program.run("send", "unix:$socket", "three", "--reply") shouldBe Ended(0, "taken\n", "")
            recv.status() shouldBe 0
            recv.out shouldBe "one\ntwo\nthree\n"
            recv.err shouldContain "ancilla: no reply: the sender has no address\n"
        }
    }

    test("credentials are the sender's, or it is said that the provider has none") {
        val socket = directory.resolve("credentials.sock")
        Program.receiving(socket, "--count", "1", "--credentials", "--format", "json").use { recv ->
            Program.run("send", "unix:$socket", "who am I?").status shouldBe 0
            recv.status() shouldBe 0
            if ("does not offer credentials (MESSAGE_CREDENTIALS)" in recv.err) {
                recv.out shouldEndWith """"credentials":null}""" + "\n"
            } else {
                recv.out shouldMatch """.*"credentials":\{"pid":\d+,"uid":\d+,"gid":\d+}}\n"""
            }
        }
    }

    test("UDP goes both ways") {
        val options = arrayOf("--count", "1", "--reply", "pong", "--format", "json")
        Program.tool("-v", "recv", "udp:127.0.0.1:0", *options).use { recv ->
            recv.until("bound") { "bound udp:127.0.0.1:" in recv.err }
            val address = recv.err.substringAfter("bound ").substringBefore(',')
            Program.run("send", address, "ping", "--reply", "--timeout", "30") shouldBe Ended(0, "pong\n", "")
            recv.status() shouldBe 0
            recv.out shouldContain """"text":"ping","sender":"udp:127.0.0.1:"""
            recv.out shouldEndWith "\n"
        }
    }

    test("a reader of the output that goes away is a failure of one line") {
        val socket = directory.resolve("pipe.sock")
        val command = Program.toolCommand("recv", "unix:$socket")
        Program(listOf("sh", "-c", "\"$@\" | true", "sh") + command).use { recv ->
            recv.until("bound") { Files.exists(socket) }
            Program.run("send", "unix:$socket", "for nobody").status shouldBe 0
            recv.status()
            recv.err shouldBe "ancilla: write EPIPE standard output: Broken pipe\n"
            Files.exists(socket) shouldBe false
        }
    }
})
