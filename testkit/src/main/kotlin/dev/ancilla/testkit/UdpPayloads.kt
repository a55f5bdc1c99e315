package dev.ancilla.testkit

import dev.ancilla.Message
import io.kotest.matchers.collections.shouldContainExactlyInAnyOrder
import io.kotest.matchers.shouldBe
import java.nio.ByteBuffer

/** Every form of payload, over both families, with a target and to a peer. */
internal fun ContractSpec.udpPayloads() {
    for ((family, bind) in mapOf("IPv4" to ::loopback, "IPv6" to ::loopback6)) {
        for (connected in listOf(false, true)) {
            val how = if (connected) "to a peer" else "with a target"
            inEveryStyle("O16 row61 row62 row80 every form of payload arrives over $family, $how") {
                val receiver = udpBound(bind(0))
                val sender = udp()
                val target = receiver.localAddress().takeUnless { connected }
                if (connected) sender.connect(receiver.localAddress())
                val bytes = "payload".toByteArray()
                val direct = ByteBuffer.allocateDirect(7).put(bytes).flip()
                val forms =
                    listOf(
                        Message.of(bytes),
                        Message.of("-payload-".toByteArray(), 1, 7),
                        Message.of("payload"),
                        Message.of(ByteBuffer.wrap(bytes)),
                        Message.of(ByteBuffer.wrap(bytes).asReadOnlyBuffer()),
                        Message.of(direct),
                        Message.gather(listOf("pay", "load").map { ByteBuffer.wrap(it.toByteArray()) }),
                        Message.gather(bytes.map { ByteBuffer.wrap(byteArrayOf(it)) }),
                    )
                for (form in forms) sender.send(form.to(target))
                sender.trySend(ByteBuffer.wrap(bytes), target) shouldBe true
                List(forms.size + 1) { receiver.receiveText() }
                    .shouldContainExactlyInAnyOrder(List(forms.size + 1) { "payload" })
            }
        }
    }

    inEveryStyle("O17 a range of 236 bytes of a buffer is what is sent") {
        val receiver = udpBound()
        val sender = udp()
        val buffer = ByteBuffer.wrap(ByteArray(256) { it.toByte() }).position(20)
        sender.send(Message.of(buffer).to(receiver.localAddress()))
        receiver.receive().use {
            it.size() shouldBe 236
            it.bytes() shouldBe ByteArray(236) { n -> (n + 20).toByte() }
        }
    }

    inEveryStyle("row64 2,000 parts go as one message") {
        val receiver = udpBound()
        val parts = List(2000) { ByteBuffer.wrap(byteArrayOf(it.toByte())) }
        udp().send(Message.gather(parts).to(receiver.localAddress()))
        receiver.receive().use { it.bytes() shouldBe ByteArray(2000, Int::toByte) }
    }
}
