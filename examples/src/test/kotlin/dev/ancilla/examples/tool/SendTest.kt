package dev.ancilla.examples.tool

import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import java.nio.file.Path

class SendTest : FunSpec({
    val directory = tempdir().toPath()

    /** Runs send in a shell, which opens what it inherits. */
    fun inShell(script: String, vararg args: String): Ended =
        Program(listOf("sh", "-c", script, "sh") + Program.toolCommand(*args)).use {
            Ended(it.status(), it.out, it.err)
        }

    test("prints nothing on success, and with -v what went") {
        val socket = directory.resolve("quiet.sock")
        Program.receiving(socket, "--count", "3").use { recv ->
            Program.run("send", "unix:$socket", "one") shouldBe Ended(0, "", "")
            Program.run("send", "unix:$socket", "two", "three", "-v") shouldBe
                Ended(
                    0,
                    "",
                    "ancilla: sent 3 bytes and 0 descriptors to unix:$socket\n" +
                        "ancilla: sent 5 bytes and 0 descriptors to unix:$socket\n",
                )
            recv.status() shouldBe 0
        }
    }

    test("the count repeats the whole list") {
        val socket = directory.resolve("count.sock")
        Program.receiving(socket, "--count", "4").use { recv ->
            Program.run("send", "unix:$socket", "a", "b", "--count", "2").status shouldBe 0
            recv.status() shouldBe 0
            recv.out shouldBe "a\nb\na\nb\n"
        }
    }

    test("each line of standard input is a message, and an empty one is sent") {
        val socket = directory.resolve("stdin.sock")
        Program.receiving(socket, "--count", "5", "--format", "json").use { recv ->
            val lines = "one\n\nlast".encodeToByteArray()
            Program.run("send", "unix:$socket", "--stdin", input = lines).status shouldBe 0
            Program.run("send", "unix:$socket", "--empty", "--count", "2").status shouldBe 0
            recv.status() shouldBe 0
            recv.out.lines().map { it.substringAfter("\"text\":").substringBefore(',') } shouldBe
                listOf("\"one\"", "\"\"", "\"last\"", "\"\"", "\"\"", "")
        }
    }

    test("a connected sender and a bound one are received from") {
        val socket = directory.resolve("connect.sock")
        Program.receiving(socket, "--count", "2", "--format", "json").use { recv ->
            Program.run("send", "unix:$socket", "connected", "--connect").status shouldBe 0
            Program.run("send", "unix:$socket", "bound", "--bind", "auto").status shouldBe 0
            recv.status() shouldBe 0
            recv.out shouldContain """"text":"connected","sender":null"""
            recv.out shouldContain """"text":"bound","sender":"unix:@"""
        }
    }

    test("inherited descriptors are passed, whatever they are") {
        val socket = directory.resolve("inherit.sock")
        val saved = directory.resolve("inherited")
        Program.receiving(socket, "--count", "1", "--format", "json", "--save-fds", "$saved").use { recv ->
            val ended =
                inShell(
                    "printf piped | \"$@\" 3</tmp 4</dev/null",
                    "send",
                    "unix:$socket",
                    "x",
                    "--inherit-fd",
                    "3",
                    "--inherit-fd",
                    "4",
                    "--inherit-fd",
                    "0",
                )
            ended shouldBe Ended(0, "", "")
            recv.status() shouldBe 0
            recv.out shouldContain """"type":"directory","target":"/tmp","size":null"""
            recv.out shouldContain """"type":"device","target":"/dev/null","size":null"""
            recv.out shouldContain """"type":"pipe","target":"pipe:["""
            saved.resolve("message-1-fd-3").toFile().readText() shouldBe "piped"
            recv.err shouldContain "ancilla: not saved, a directory holds nothing to copy: /tmp"
        }
    }

    test("a full receiver makes send wait, drop or fail, as it is told") {
        val socket = directory.resolve("full.sock")
        val many = (1..600).joinToString("\n").encodeToByteArray()
        Program.receiving(socket, "--pause", "600000").use { recv ->
            Program.run("send", "unix:$socket", "the only one it reads").status shouldBe 0
            recv.until("output") { recv.out.isNotEmpty() }

            val failed = Program.run("send", "unix:$socket", "--stdin", "--overflow", "fail", input = many)
            failed.status shouldBe 3
            failed.err shouldBe "ancilla: send EAGAIN unix:$socket: Resource temporarily unavailable\n"

            val dropped = Program.run("send", "unix:$socket", "x", "y", "--overflow", "drop", "-v")
            dropped.status shouldBe 0
            dropped.err shouldContain "ancilla: dropped 2 messages, sent 0\n"

            Program.run("send", "unix:$socket", "x", "--timeout", "0.2").status shouldBe 1
            recv.isRunning() shouldBe true
        }
    }

    test("a sender that waits goes on when there is room, and nothing is lost") {
        val socket = directory.resolve("slow.sock")
        val many = (1..100).joinToString("\n")
        Program.receiving(socket, "--pause", "2", "--count", "100").use { recv ->
            Program.run("send", "unix:$socket", "--stdin", input = many.encodeToByteArray()).status shouldBe 0
            recv.status() shouldBe 0
            recv.out shouldBe many + "\n"
        }
    }

    test("no answer within the timeout is status 1") {
        val socket = directory.resolve("mute.sock")
        Program.receiving(socket).use {
            Program.run("send", "unix:$socket", "?", "--reply", "--timeout", "0.3").status shouldBe 1
        }
    }

    test("what may not be read is told and not sent") {
        val socket = directory.resolve("files.sock")
        val missing: Path = directory.resolve("missing")
        Program.run("send", "unix:$socket", "x", "--fd", "$missing") shouldBe
            Ended(3, "", "ancilla: open ENOENT $missing: No such file or directory\n")
        Program.run("send", "unix:$socket", "--file", "$missing") shouldBe
            Ended(3, "", "ancilla: open ENOENT $missing: No such file or directory\n")
        Program.run("send", "unix:$socket", "x", "--fd", "$directory") shouldBe
            Ended(3, "", "ancilla: open EISDIR $directory: Is a directory\n")
        Program.run("send", "unix:$socket", "x", "--inherit-fd", "1000") shouldBe
            Ended(3, "", "ancilla: dup EBADF 1000: Bad file descriptor\n")
    }
})
