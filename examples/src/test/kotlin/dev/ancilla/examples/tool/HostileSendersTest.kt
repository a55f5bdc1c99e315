package dev.ancilla.examples.tool

import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import java.io.File
import java.nio.file.Files
import java.nio.file.Path
import java.util.spi.ToolProvider
import kotlin.io.path.isDirectory
import kotlin.io.path.readText

/** What a sender does to be a nuisance, and that `recv` serves the next one all the same. */
class HostileSendersTest : FunSpec({
    val directory = tempdir().toPath()
    val withPrlimit = Program.needed("prlimit")

    /** The class path with jars in the place of directories, for which each class needs a descriptor. */
    fun openedClassPath(): String = System
        .getProperty("java.class.path")
        .split(File.pathSeparator)
        .filter { it.isNotEmpty() }
        .map { Path.of(it) }
        .filter { Files.exists(it) }
        .mapIndexed { index, entry ->
            if (!entry.isDirectory()) return@mapIndexed entry
            directory.resolve("$index.jar").also { jar ->
                val tool = ToolProvider.findFirst("jar").get()
                tool.run(System.out, System.err, "--create", "--file=$jar", "-C", "$entry", ".") shouldBe 0
            }
        }.joinToString(File.pathSeparator)

    test("over junixsocket, more descriptors than the process can open are one line, and it goes on").config(
        enabledOrReasonIf = { withPrlimit },
    ) {
        val socket = directory.resolve("many.sock")
        val command =
            Program
                .toolCommand(
                    "-v",
                    "recv",
                    "unix:$socket",
                    "--count",
                    "3",
                    "--max-fds",
                    "253",
                ).toMutableList()
        command[command.indexOf("-cp") + 1] = openedClassPath()
        // Over native-ffm nothing is lost: the message comes with as many as there is room for, and says so.
        val limited = listOf("env", "ANCILLA_PROVIDER=native-junix", "prlimit", "--nofile=200:200")
        Program(limited + command).use { recv ->
            recv.until("bound") { "bound unix:$socket" in recv.err }
            val message = { text: String -> Message.of(text).to(UnixAddress.path(socket)) }
            Sockets.unixDgram().open().use { sender ->
                val lent = List(253) { OwnedFd.open(Path.of("/etc/hostname")) }
                sender.blocking().send(message("before").with(lent.first()))
                recv.until("the first") { recv.out.startsWith("before\n    fd ") }
                sender.blocking().send(message("hostile").with(*lent.toTypedArray()))
                sender.blocking().send(message("between"))
                sender.blocking().send(message("hostile again").with(*lent.toTypedArray()))
                sender.blocking().send(message("after"))
                lent.forEach { it.close() }
            }
            recv.status() shouldBe 0
            recv.out.lines().drop(2) shouldBe listOf("between", "after", "")
            recv.err.lines().filter { "ENOBUFS" in it } shouldBe
                List(2) {
                    "ancilla: receive ENOBUFS unix:$socket: a message was lost:" +
                        " it brought more descriptors than this process could take"
                }
        }
    }

    test("a pipe whose writer never closes it is saved as far as it came, with what is beside it") {
        val socket = directory.resolve("pipe.sock")
        val saved = directory.resolve("saved")
        Program.receiving(socket, "--count", "2", "--save-fds", "$saved").use { recv ->
            OwnedFd.pipe().use { pipe ->
                pipe.writer().outputStream().write("so far".encodeToByteArray())
                Sockets.unixDgram().connect(UnixAddress.path(socket)).use { sender ->
                    OwnedFd.open(Path.of("/etc/hostname")).use { file ->
                        sender.blocking().send(Message.of("x").with(pipe.reader(), file))
                    }
                    sender.blocking().send(Message.of("next"))
                }
                recv.status() shouldBe 0
            }
            recv.out shouldContain "\nnext\n"
            recv.err shouldContain "ancilla: not all saved, pipe:["
            recv.err shouldContain "] did not end within 5s\n"
        }
        saved.resolve("message-1-fd-1").readText() shouldBe "so far"
        saved.resolve("message-1-fd-2").readText() shouldBe Path.of("/etc/hostname").readText()
    }
})
