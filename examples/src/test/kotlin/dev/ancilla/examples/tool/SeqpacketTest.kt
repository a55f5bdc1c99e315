package dev.ancilla.examples.tool

import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldMatch
import io.kotest.matchers.string.shouldStartWith
import java.nio.file.Files
import kotlin.io.path.readText
import kotlin.io.path.writeText

/** `unix-seqpacket:` addresses in `recv`, `send` and `echo`. */
class SeqpacketTest : FunSpec(
    spec@{
        val withPython = Program.needed("python3")
        val directory = tempdir().toPath()

        fun serving(command: String, name: String, vararg args: String): Program {
            val address = "unix-seqpacket:${directory.resolve(name)}"
            val program = Program.tool("-v", command, address, *args)
            program.until("bound") { "bound $address" in program.err }
            return program
        }

        fun send(name: String, vararg args: String, input: String = "") =
            Program.run("send", "unix-seqpacket:$directory/$name", *args, input = input.encodeToByteArray())

        // Elsewhere no provider has them, see WithoutFfmTest.
        if (!Program.hasFfm) return@spec

        test("messages stay apart, each with its own descriptors, and the end is told") {
            val file = directory.resolve("file").apply { writeText("content") }
            val saved = directory.resolve("saved")
            val options =
                arrayOf("--format", "json", "--save-fds", "$saved", "--credentials", "--limit", "5")
            serving("recv", "json.sock", *options).use { recv ->
                send("json.sock", "with it", "then", "--fd", "$file") shouldBe Ended(0, "", "")
                recv.status() shouldBe 0
                val (first, second, end) = recv.out.lines()
                first shouldStartWith """{"n":1,"bytes":5,"payload":"d2l0aCA=","text":"with ","""
                first shouldContain """"sender":null,"truncated":true"""
                first shouldMatch """.*"fds":\[\{"fd":\d+,"type":"file","target":"$file","size":7}].*"""
                first shouldMatch """.*"credentials":\{"pid":\d+,"uid":\d+,"gid":\d+}}"""
                second shouldStartWith """{"n":2,"bytes":4,"""
                second shouldContain """"truncated":false,"fds":[],"""
                end shouldBe """{"eof":true}"""
            }
            Files.list(saved).use { it.toList() } shouldBe listOf(saved.resolve("message-1-fd-1"))
            saved.resolve("message-1-fd-1").readText() shouldBe "content"
            Files.exists(directory.resolve("json.sock")) shouldBe false
        }

        test("lines are messages, an empty message is not the end, and --keep-open goes on") {
            serving("recv", "open.sock", "--keep-open", "--count", "4", "--reply", "heard").use { recv ->
                send("open.sock", "--stdin", input = "one\ntwo") shouldBe Ended(0, "", "")
                send("open.sock", "--empty", "--reply") shouldBe Ended(0, "heard\n", "")
                send("open.sock", "last", "--reply") shouldBe Ended(0, "heard\n", "")
                recv.status() shouldBe 0
                recv.out shouldBe "one\ntwo\n\nlast\n"
            }
        }

        test("echo sends back each message with its descriptors, to one connection after the other") {
            val file = directory.resolve("to-echo").apply { writeText("12345") }
            serving("echo", "echo.sock").use { echo ->
                val ended = send("echo.sock", "hello", "--fd", "$file", "--reply")
                ended.status shouldBe 0
                ended.out shouldMatch """hello\n    fd \d+: file $file, 5 bytes\n"""
                val named = arrayOf("--bind", "unix:$directory/me", "--format", "json")
                send("echo.sock", "again", "--reply", *named).out shouldContain
                    """"sender":"unix-seqpacket:$directory/echo.sock""""
                echo.terminate()
                echo.status() shouldBe 128 + 15
            }
            Files.exists(directory.resolve("echo.sock")) shouldBe false
        }

        test("nobody there, nothing that comes, and an end without an answer are told as what they are") {
            val missing = "$directory/missing.sock"
            val few = "$directory/few.sock"
            send("missing.sock", "x") shouldBe
                Ended(3, "", "ancilla: connect ENOENT unix:$missing: No such file or directory\n")
            Program.run("recv", "unix-seqpacket:$missing", "--timeout", "0.1") shouldBe
                Ended(1, "", "ancilla: recv unix-seqpacket:$missing: 0 arrived, then none for 100ms\n")
            serving("recv", "few.sock", "--count", "2").use { recv ->
                send("few.sock", "only one", "--reply") shouldBe
                    Ended(1, "", "ancilla: recv unix-seqpacket:$few: no answer, the connection ended\n")
                recv.status() shouldBe 1
                recv.err shouldContain "1 arrived, then the connection ended"
            }
        }

        test("python sends a packet with a descriptor and reads the answer").config(enabledOrReasonIf = {
            withPython
        }) {
            serving("recv", "python.sock", "--reply", "heard").use { recv ->
                val script =
                    """
                    import os, socket, sys
                    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                    s.connect(sys.argv[1])
                    m = os.memfd_create("note")
                    os.write(m, b"in memory")
                    socket.send_fds(s, [b"take this"], [m])
                    print(s.recv(100).decode())
                    """.trimIndent()
                Program(listOf("python3", "-c", script, "$directory/python.sock")).use {
                    it.status() shouldBe 0
                    it.out shouldBe "heard\n"
                }
                recv.status() shouldBe 0
                recv.out shouldMatch """take this\n    fd \d+: memfd /memfd:note \(deleted\), 9 bytes\n"""
            }
        }
    },
)
