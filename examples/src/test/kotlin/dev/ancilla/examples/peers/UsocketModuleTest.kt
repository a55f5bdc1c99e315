package dev.ancilla.examples.peers

import dev.ancilla.Ancillary
import dev.ancilla.OwnedFd
import dev.ancilla.coroutines.end
import dev.ancilla.coroutines.write
import dev.ancilla.examples.tool.Program
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.collections.shouldContain
import io.kotest.matchers.shouldBe
import java.nio.ByteBuffer
import kotlin.io.path.writeText

/** The npm module usocket, whose job Ancilla took over, as client and as server. */
internal class UsocketModuleTest : PeerSpec({
    val module = NodeModule("usocket", "1.1.0")
    val whether = Program.neededWithStreams().let { if (it.isEnabled) module.needed else it }
    val directory = tempdir().toPath()
    val one = directory.resolve("one").apply { writeText("content of one") }
    val two = directory.resolve("two").apply { writeText("content of two") }

    test(
        "S2 a client of usocket is read with its descriptors in their place, answered, and hears the end",
    ).config(enabledOrReasonIf = { whether }) {
        val path = directory.resolve("server.sock")
        serverAt(path).use { server ->
            module.program("client", "$path", "$one", "$two").use { client ->
                server.acceptSoon().use { connection ->
                    connection.next(3) shouldBe ("fir" to listOf())
                    connection.next(6) shouldBe ("stseco" to listOf("content of one", "content of two"))
                    connection.next(7) shouldBe ("nd!last" to listOf())
                    OwnedFd.open(two).use { connection.write("an answer", Ancillary.lend(it)) }
                    connection.end()
                    connection.restAsText() shouldBe ""
                }
                client.status() shouldBe 0
                client.out shouldBe "descriptor of: content of two\nend after 9 bytes: an answer\n"
            }
        }
    }

    test("S2 a server of usocket reads what we write, passes our descriptors back, and hears the end")
        .config(enabledOrReasonIf = { whether }) {
            val path = directory.resolve("their-server.sock")
            module.program("server", "$path").use { server ->
                server.until("socket") { "listening" in server.out }
                connectedTo(path).use { client ->
                    OwnedFd.open(one).use { first ->
                        OwnedFd.open(two).use { client.write("take them", Ancillary.lend(first, it)) }
                    }
                    client.next(2) shouldBe ("bb" to listOf("content of one", "content of two"))
                    client.end(listOf(ByteBuffer.wrap(" and end".encodeToByteArray())))
                    client.restAsText() shouldBe ""
                }
                server.status() shouldBe 0
                server.out shouldBe "listening\nend after 17 bytes: take them and end\n"
            }
        }

    test("S2 what is ended at once reaches usocket whole, and then the end")
        .config(enabledOrReasonIf = { whether }) {
            val path = directory.resolve("much.sock")
            module.program("server", "$path").use { server ->
                server.until("socket") { "listening" in server.out }
                connectedTo(path).use { client ->
                    client.end(listOf(ByteBuffer.allocate(5_000_000)))
                    client.restAsText() shouldBe ""
                }
                server.status() shouldBe 0
                server.out.lines() shouldContain "end after 5000000 bytes"
            }
        }
})
