package dev.ancilla.examples.tool

import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldEndWith
import kotlin.io.path.writeText

/** Programs that know nothing of Ancilla. A test whose program is missing is skipped, and says so. */
class PeersTest : FunSpec({
    val directory = tempdir().toPath()
    val withLogger = Program.needed("logger")
    val withPython = Program.needed("python3")

    fun python(script: String, vararg args: String) =
        Program(listOf("python3", "-c", script.trimIndent()) + args)

    test("a line of logger is one JSON object with its text").config(enabledOrReasonIf = { withLogger }) {
        val socket = directory.resolve("log.sock")
        Program.receiving(socket, "--count", "1", "--format", "json").use { recv ->
            Program(listOf("logger", "-u", "$socket", "--socket-errors=on", "hello")).use {
                it.status() shouldBe
                    0
            }
            recv.status() shouldBe 0
            recv.out.lines().size shouldBe 2
            recv.out.substringAfter("\"text\":\"").substringBefore("\",\"sender\":null") shouldEndWith
                " hello"
        }
    }

    test("python sends bytes and descriptors, and recv shows and saves them").config(enabledOrReasonIf = {
        withPython
    }) {
        val socket = directory.resolve("from-python.sock")
        val saved = directory.resolve("from-python")
        Program.receiving(socket, "--count", "2", "--format", "json", "--save-fds", "$saved").use { recv ->
            val script =
                """
                import os, socket, sys
                s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                s.connect(sys.argv[1])
                m = os.memfd_create("note")
                os.write(m, b"in memory")
                socket.send_fds(s, [b"take this"], [m, os.eventfd(0) if hasattr(os, "eventfd") else m])
                s.send(b"")
                """
            python(script, "$socket").use { it.status() shouldBe 0 }
            recv.status() shouldBe 0
            recv.out shouldContain """"text":"take this","sender":null"""
            recv.out shouldContain """"type":"memfd","target":"/memfd:note (deleted)","size":9"""
            recv.out shouldContain """{"n":2,"bytes":0,"payload":"","text":"","sender":null"""
            saved.resolve("message-1-fd-1").toFile().readText() shouldBe "in memory"
        }
    }

    test("python receives what send sends, reads the file, and answers").config(enabledOrReasonIf = {
        withPython
    }) {
        val socket = directory.resolve("to-python.sock")
        val file = directory.resolve("for-python").apply { writeText("read by python") }
        val script =
            """
            import os, socket, sys
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            s.bind(sys.argv[1])
            print("bound", flush=True)
            data, fds, flags, sender = socket.recv_fds(s, 100, 10)
            s.sendto(data + b": " + os.read(fds[0], 100), sender)
            """
        python(script, "$socket").use { peer ->
            peer.until("bound") { "bound" in peer.out }
            Program.run(
                "send",
                "unix:$socket",
                "file",
                "--fd",
                "$file",
                "--reply",
                "--timeout",
                "30",
            ) shouldBe
                Ended(0, "file: read by python\n", "")
            peer.status() shouldBe 0
        }
    }
})
