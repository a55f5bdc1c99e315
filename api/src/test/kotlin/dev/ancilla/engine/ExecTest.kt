package dev.ancilla.engine

import dev.ancilla.Sockets
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import java.nio.file.NoSuchFileException
import java.nio.file.Path
import kotlin.io.path.createDirectories
import kotlin.io.path.createFile

/** What is checked and looked up before this process becomes another program. */
class ExecTest :
    FunSpec({
        val root = tempdir().toPath()

        test("a command is looked up in the path, where what cannot be executed is passed over") {
            val first = root.resolve("first").createDirectories()
            val second = root.resolve("second").createDirectories()
            val good = second.resolve("tool").createFile().also { it.toFile().setExecutable(true) }
            val text = first.resolve("text").createFile()
            first.resolve("tool").createDirectories()
            val path = "$root/missing:$first:$second"

            Exec.find("tool", path) shouldBe good
            Exec.find("text", path) shouldBe text
            shouldThrow<NoSuchFileException> { Exec.find("none", path) }.file shouldBe "none"
            shouldThrow<NoSuchFileException> { Exec.find("", path) }.file shouldBe ""
        }

        test("a command with a slash is the file, and a shell is found without a path") {
            Exec.find("./none", "/bin") shouldBe Path.of("./none")
            Exec.find("sh", null) shouldBe Path.of("/bin/sh")
        }

        test("what would be cut or misread is refused") {
            val refused =
                mapOf(
                    emptyList<String>() to "the command is empty",
                    listOf("a", "b\u0000c") to "a NUL",
                )
            for ((command, told) in refused) {
                val failure = shouldThrow<IllegalArgumentException> { Sockets.exec(command, emptyMap()) }
                failure.message shouldContain told
            }
            Sockets.udp().open().use { socket ->
                for (name in listOf("a:b", "a\nb", "ä", "x".repeat(256))) {
                    val failure =
                        shouldThrow<IllegalArgumentException> {
                            Sockets.exec(listOf("true"), mapOf(socket to name))
                        }
                    failure.message shouldContain name
                }
            }
        }
    })
