package dev.ancilla.examples

import dev.ancilla.examples.tool.Program
import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.attribute.PosixFilePermissions
import kotlin.io.path.createDirectory
import kotlin.io.path.createSymbolicLinkPointingTo
import kotlin.io.path.setPosixFilePermissions
import kotlin.io.path.writeText

/** The broker, and its client without the right to open any of the files. */
class FdBrokerTest : FunSpec({
    val directory = tempdir().toPath()
    val shared = directory.resolve("shared").createDirectory()
    val uid = Files.getAttribute(directory, "unix:uid") as Int
    val streams = Program.neededWithStreams("setpriv")
    val notRoot = "not run as root, which has rights to give up"
    val whether = if (streams.isEnabled && uid != 0) Program.skipped(notRoot) else streams

    fun closedToAll(file: Path, content: String) = file.apply {
        writeText(content)
        setPosixFilePermissions(PosixFilePermissions.fromString("---------"))
    }

    fun broker(name: String, user: Int): Program {
        val broker = Program.example("FdBrokerKt", "$directory/$name", "$shared", "$user")
        broker.until("address") { "serving at" in broker.out }
        return broker
    }

    /** Root that has given up its capabilities may open what its permissions allow, as anybody. */
    fun client(vararg args: String) = Program(
        listOf("setpriv", "--inh-caps=-all", "--bounding-set=-all") +
            Program.javaCommand("dev.ancilla.examples.FdBrokerClient", *args),
    )

    test("a client reads what it may not open, through descriptors of the broker")
        .config(enabledOrReasonIf = { whether }) {
            val secret = closedToAll(shared.resolve("secret"), "for whom the broker trusts")
            broker("broker.sock", uid).use { broker ->
                client("$directory/broker.sock", "$secret", "$secret").use {
                    it.status() shouldBe 0
                    it.out shouldBe
                        "by myself: permission denied\nby the broker: for whom the broker trusts\n".repeat(2)
                }
                broker.until("word of it") { "of user $uid asks for secret: ok" in broker.out }
                broker.terminate()
                broker.status() shouldBe 128 + 15
            }
            Files.exists(directory.resolve("broker.sock")) shouldBe false
        }

    test("the broker hands out neither links nor what is elsewhere, and serves on")
        .config(enabledOrReasonIf = { whether }) {
            val outside = closedToAll(directory.resolve("outside"), "not for the client")
            val link = shared.resolve("link").createSymbolicLinkPointingTo(outside)
            val inside = closedToAll(shared.resolve("inside"), "for the client")
            broker("careful.sock", uid).use {
                client("$directory/careful.sock", "$link", "$outside", "$inside").use { client ->
                    client.status() shouldBe 0
                    client.out.lines().filter { it.startsWith("by the broker") } shouldBe
                        listOf(
                            "by the broker: error no such file here: link",
                            "by the broker: error no such file here: outside",
                            "by the broker: for the client",
                        )
                }
            }
        }

    test("a user that is not on the list gets nothing").config(enabledOrReasonIf = { whether }) {
        val secret = closedToAll(shared.resolve("kept"), "for others")
        broker("others.sock", uid + 1).use { broker ->
            client("$directory/others.sock", "$secret").use {
                it.status() shouldBe 1
                it.out shouldBe "by myself: permission denied\n"
            }
            broker.out shouldBe "serving at unix:$directory/others.sock\n"
        }
    }
})
