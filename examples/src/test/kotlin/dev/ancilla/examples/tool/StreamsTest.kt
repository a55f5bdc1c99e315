package dev.ancilla.examples.tool

import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldMatch
import io.kotest.matchers.string.shouldStartWith
import java.nio.file.Files
import kotlin.io.path.fileSize
import kotlin.io.path.getPosixFilePermissions
import kotlin.io.path.readText
import kotlin.io.path.writeBytes
import kotlin.io.path.writeText

/** `unix-stream:` addresses in `recv`, `send` and `echo`. */
class StreamsTest : FunSpec({
    val whether = Program.neededWithStreams()
    val directory = tempdir().toPath()

    fun serving(command: String, name: String, vararg args: String): Program {
        val address = "unix-stream:${directory.resolve(name)}"
        val program = Program.tool("-v", command, address, *args)
        program.until("bound") { "bound $address" in program.err }
        return program
    }

    fun send(name: String, vararg args: String, input: String = "") =
        Program.run("send", "unix-stream:$directory/$name", *args, input = input.encodeToByteArray())

    test("recv prints the bytes of one connection as they were written, and ends with them")
        .config(enabledOrReasonIf = { whether }) {
            serving("recv", "text.sock", "--mode", "0600").use { recv ->
                directory.resolve("text.sock").getPosixFilePermissions().size shouldBe 2
                send("text.sock", "--stdin", input = "one\ntwo\nthree") shouldBe Ended(0, "", "")
                recv.status() shouldBe 0
                recv.out shouldBe "one\ntwo\nthree\n"
            }
            Files.exists(directory.resolve("text.sock")) shouldBe false
        }

    test("descriptors come with the read that has their first byte, and the end is told")
        .config(enabledOrReasonIf = { whether }) {
            val file = directory.resolve("file").apply { writeText("content") }
            val saved = directory.resolve("saved")
            val options = arrayOf("--format", "json", "--save-fds", "$saved", "--credentials")
            serving("recv", "json.sock", *options).use { recv ->
                send("json.sock", "with it", "--fd", "$file") shouldBe Ended(0, "", "")
                recv.status() shouldBe 0
                val (read, end) = recv.out.lines()
                read shouldStartWith """{"n":1,"bytes":7,"payload":"d2l0aCBpdA==","text":"with it","""
                read shouldMatch """.*"fds":\[\{"fd":\d+,"type":"file","target":"$file","size":7}].*"""
                read shouldMatch """.*"credentials":\{"pid":\d+,"uid":\d+,"gid":\d+}}"""
                end shouldBe """{"eof":true}"""
            }
            saved.resolve("message-1-fd-1").readText() shouldBe "content"
        }

    test("much arrives raw as it was sent").config(enabledOrReasonIf = { whether }) {
        val much = directory.resolve("much").apply { writeBytes(ByteArray(3_000_000) { it.toByte() }) }
        serving("recv", "raw.sock", "--format", "raw").use { recv ->
            send("raw.sock", "--file", "$much") shouldBe Ended(0, "", "")
            recv.status() shouldBe 0
            recv.rawOut.size.toLong() shouldBe much.fileSize()
            recv.rawOut.contentEquals(Files.readAllBytes(much)) shouldBe true
        }
    }

    test("without time to wait what fits at once is sent, with its descriptors")
        .config(enabledOrReasonIf = { whether }) {
            val file = directory.resolve("lent").apply { writeText("content") }
            serving("recv", "at-once.sock", "--format", "json").use { recv ->
                send("at-once.sock", "hi", "--fd", "$file", "--timeout", "0") shouldBe Ended(0, "", "")
                recv.status() shouldBe 0
                recv.out shouldContain """"text":"hi""""
                recv.out shouldContain """"target":"$file""""
            }
        }

    test("a stream that takes no more in time is told, with its descriptors sent once")
        .config(enabledOrReasonIf = { whether }) {
            val much = directory.resolve("too-much").apply { writeBytes(ByteArray(3_000_000)) }
            serving("recv", "full.sock", "--pause", "600000").use {
                val ended = send("full.sock", "--file", "$much", "--fd", "$much", "--timeout", "0")
                ended.status shouldBe 1
                ended.err shouldContain "no room for 0s, 0 sent before"
            }
            serving("recv", "slow.sock", "--format", "json").use { recv ->
                val ended = send("slow.sock", "--file", "$much", "--fd", "$much", "--timeout", "60")
                ended shouldBe Ended(0, "", "")
                recv.status() shouldBe 0
                recv.out.split("\"target\":").size shouldBe 2
            }
        }

    test("with --keep-open recv goes on to the next connection, and answers each read")
        .config(enabledOrReasonIf = { whether }) {
            serving("recv", "open.sock", "--keep-open", "--count", "2", "--reply", "heard").use { recv ->
                send("open.sock", "--empty") shouldBe Ended(0, "", "")
                send("open.sock", "first", "--reply") shouldBe Ended(0, "heard\n", "")
                send("open.sock", "second", "--reply") shouldBe Ended(0, "heard\n", "")
                recv.status() shouldBe 0
                recv.out shouldBe "first\nsecond\n"
            }
        }

    test("echo sends back what a stream brings with its descriptors, to one connection after the other")
        .config(enabledOrReasonIf = { whether }) {
            val file = directory.resolve("to-echo").apply { writeText("12345") }
            serving("echo", "echo.sock").use { echo ->
                val ended = send("echo.sock", "hello", "--fd", "$file", "--reply")
                ended.status shouldBe 0
                ended.out shouldMatch """hello\n    fd \d+: file $file, 5 bytes\n"""
                send("echo.sock", "again", "--reply") shouldBe Ended(0, "again\n", "")
                echo.terminate()
                echo.status() shouldBe 128 + 15
            }
            Files.exists(directory.resolve("echo.sock")) shouldBe false
        }

    test("nobody there, nothing that comes, and an end without an answer are told as what they are")
        .config(enabledOrReasonIf = { whether }) {
            val missing = "$directory/missing.sock"
            val few = "$directory/few.sock"
            send("missing.sock", "x") shouldBe
                Ended(3, "", "ancilla: connect ENOENT unix:$missing: No such file or directory\n")
            Program.run("recv", "unix-stream:$missing", "--timeout", "0.1") shouldBe
                Ended(1, "", "ancilla: recv unix-stream:$missing: 0 arrived, then none for 100ms\n")
            serving("recv", "few.sock", "--count", "2").use { recv ->
                send("few.sock", "only one", "--reply") shouldBe
                    Ended(1, "", "ancilla: recv unix-stream:$few: no answer, the connection ended\n")
                recv.status() shouldBe 1
                recv.err shouldContain "1 arrived, then the connection ended"
            }
        }
})
