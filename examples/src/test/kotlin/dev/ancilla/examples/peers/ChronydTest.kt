package dev.ancilla.examples.peers

import dev.ancilla.Message
import dev.ancilla.Sockets
import dev.ancilla.coroutines.receiveOrNull
import dev.ancilla.coroutines.send
import dev.ancilla.examples.tool.Program
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.comparables.shouldBeLessThan
import io.kotest.matchers.nulls.shouldNotBeNull
import io.kotest.matchers.shouldBe
import java.net.InetSocketAddress
import java.nio.ByteBuffer
import java.time.Duration
import java.time.Instant
import kotlin.io.path.writeText

/** chronyd(8), a time server, which is asked in the protocol of RFC 4330 and changes no clock. */
internal class ChronydTest : PeerSpec({
    val withChronyd = Program.needed("chronyd")
    val directory = tempdir().toPath()

    for (host in listOf("127.0.0.1", "::1")) {
        test("chronyd at $host tells the time").config(enabledOrReasonIf = { withChronyd }) {
            val address = InetSocketAddress(host, unusedPort())
            val conf = directory.resolve("chrony.conf")
            val lines =
                listOf(
                    "port ${address.port}",
                    "bindaddress $host",
                    "allow $host",
                    "local stratum 7",
                    "cmdport 0",
                ) +
                    listOf("pidfile $directory/pid", "bindcmdaddress /")
            conf.writeText(lines.joinToString("\n", postfix = "\n"))
            Program(
                listOf("chronyd", "-d", "-x", "-U", "-u", System.getProperty("user.name"), "-f", "$conf"),
            ).use {
                it.until("socket") { isBound(address.port) }
                Sockets.udp().connect(address).use { client ->
                    val mark = 0x0123_4567_89ab_cdefL
                    val request = ByteBuffer.allocate(48).put(0, CLIENT).putLong(TRANSMITTED, mark)
                    val asked = Instant.now()
                    client.send(Message.of(request))
                    client.receiveOrNull(PATIENCE).shouldNotBeNull().use { answer ->
                        answer.size() shouldBe 48
                        answer.payload().get(0).toInt() and 7 shouldBe SERVER
                        answer.payload().get(1).toInt() shouldBe 7
                        answer.payload().getLong(ORIGINATED) shouldBe mark
                        val told = instantOf(answer.payload().getLong(TRANSMITTED))
                        Duration.between(asked, told).abs() shouldBeLessThan Duration.ofSeconds(30)
                    }
                }
            }
        }
    }
})

/** Version 4, from a client. */
private const val CLIENT: Byte = 0x23
private const val SERVER = 4

/** Where in a message the time stands that the question had, and where that of sending it. */
private const val ORIGINATED = 24
private const val TRANSMITTED = 40

/** From seconds since 1900 with 32 bits of fraction. */
private fun instantOf(timestamp: Long): Instant = Instant.ofEpochSecond(
    (timestamp ushr 32) - 2_208_988_800L,
    (timestamp and 0xffff_ffffL) * 1_000_000_000L ushr 32,
)
