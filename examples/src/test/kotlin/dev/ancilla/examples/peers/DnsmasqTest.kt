package dev.ancilla.examples.peers

import dev.ancilla.Sockets
import dev.ancilla.coroutines.receiveOrNull
import dev.ancilla.coroutines.send
import dev.ancilla.examples.tool.Program
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.nulls.shouldNotBeNull
import io.kotest.matchers.shouldBe
import java.io.ByteArrayOutputStream
import java.io.DataOutputStream
import java.net.InetAddress
import java.net.InetSocketAddress
import java.nio.ByteBuffer

/** dnsmasq(8), a name server, asked in the protocol of RFC 1035. */
internal class DnsmasqTest : PeerSpec({
    val withDnsmasq = Program.needed("dnsmasq")
    val directory = tempdir().toPath()

    fun dnsmasq(host: String, port: Int) = Program(
        listOf("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=$directory/pid") +
            listOf("--user=", "--group=", "--no-resolv", "--no-hosts", "--local=/test/") +
            listOf("--listen-address=$host", "--bind-interfaces", "--port=$port") +
            (1..20).map { "--host-record=host$it.test,192.0.2.$it" },
    )

    for (host in listOf("127.0.0.1", "::1")) {
        test("dnsmasq at $host answers each of twenty questions that wait at a time")
            .config(enabledOrReasonIf = { withDnsmasq }) {
                val address = InetSocketAddress(host, unusedPort())
                dnsmasq(host, address.port).use { dnsmasq ->
                    dnsmasq.until("socket") { isBound(address.port) }
                    Sockets.udp().connect(address).use { client ->
                        for (n in 1..20) client.send(question(n, "host$n.test"))
                        val answers =
                            List(20) {
                                client
                                    .receiveOrNull(
                                        PATIENCE,
                                    ).shouldNotBeNull()
                                    .use { answerOf(it.payload()) }
                            }
                        answers.toMap() shouldBe
                            (1..20).associateWith { InetAddress.getByName("192.0.2.$it") }

                        client.send(question(99, "nobody.test"))
                        client.receiveOrNull(PATIENCE).shouldNotBeNull().use {
                            it.payload().getShort(0).toInt() shouldBe 99
                            it.payload().get(3).toInt() and 0xf shouldBe NO_SUCH_NAME
                        }
                    }
                }
            }
    }
})

private const val NO_SUCH_NAME = 3
private const val A_OF_THE_INTERNET = 0x0001_0001

private fun question(id: Int, name: String): ByteBuffer {
    val bytes = ByteArrayOutputStream()
    with(DataOutputStream(bytes)) {
        // The id; recursion is desired; one question, and nothing else.
        for (number in listOf(id, 0x0100, 1, 0, 0, 0)) writeShort(number)
        for (label in name.split('.')) {
            writeByte(label.length)
            writeBytes(label)
        }
        writeByte(0)
        writeInt(A_OF_THE_INTERNET)
    }
    return ByteBuffer.wrap(bytes.toByteArray())
}

/** The id and the address of an answer that has one, which its last four bytes are. */
private fun answerOf(message: ByteBuffer): Pair<Int, InetAddress> {
    val isAnswer = message.get(2).toInt() < 0
    check(isAnswer && message.getShort(6).toInt() == 1) { "no answer with one record" }
    val address = ByteArray(4).also { message.duplicate().position(message.limit() - 4).get(it) }
    return message.getShort(0).toInt() to InetAddress.getByAddress(address)
}
