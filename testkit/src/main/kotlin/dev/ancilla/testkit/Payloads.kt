package dev.ancilla.testkit

import dev.ancilla.Ancillary
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.awaitWritable
import dev.ancilla.coroutines.byteString
import dev.ancilla.coroutines.copyTo
import dev.ancilla.coroutines.send
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import io.kotest.matchers.types.shouldBeInstanceOf
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.io.Buffer
import kotlinx.io.Source
import kotlinx.io.bytestring.encodeToByteString
import kotlinx.io.readByteArray
import java.net.UnixDomainSocketAddress
import java.nio.channels.ClosedChannelException
import kotlin.random.Random

/** Payloads of kotlinx-io, which have their own idea of who owns the bytes. */
internal fun ContractSpec.payloads() {
    scenario("a byte string, a buffer and a source go as one message each, beside their descriptors") {
        val receiver = receiverOf(1)
        val sender = open()
        val target = receiver.localAddress()
        val large = Random.nextBytes(30_000)
        playing {
            sender.send("string".encodeToByteString(), target, Ancillary.lend(fileWith("a")))
            val buffers =
                listOf(ByteArray(0), "small".toByteArray(), large).map { bytes ->
                    Buffer().apply { write(bytes) }
                }
            for (buffer in buffers) {
                sender.send(buffer, target)
                buffer.size shouldBe 0
            }
            val source: Source = Buffer().apply { write("source".toByteArray()) }
            sender.send(source, target)
        }
        val first = receiver.receive()
        first.byteString() shouldBe "string".encodeToByteString()
        first.readDescriptors().shouldContainExactly("a")
        receiver.receiveText() shouldBe ""
        receiver.receiveText() shouldBe "small"
        val back = Buffer()
        receiver.receive().use { it.copyTo(back) }
        back.readByteArray() shouldBe large
        receiver.receiveText() shouldBe "source"
    }

    for (size in listOf(100, 30_000)) {
        for (connected in listOf(true, false)) {
            val how = if (connected) "connected" else "unconnected"

            scenario("a buffer of $size bytes that waits has its bytes until they are sent, $how") {
                val receiver = bound()
                val sender = if (connected) connectedTo(receiver) else open()
                val target = receiver.localAddress().takeUnless { connected }
                val full = sender.fill(target)
                val bytes = Random.nextBytes(size)
                val buffer = Buffer().apply { write(bytes) }
                playing {
                    val cancelled = launch { sender.send(buffer, target) }
                    Thread.sleep(WATCHING_MILLIS)
                    cancelled.isActive shouldBe true
                    cancelled.cancelAndJoin()
                    buffer.copy().readByteArray() shouldBe bytes

                    val waiting = launch { sender.send(buffer, target) }
                    Thread.sleep(WATCHING_MILLIS)
                    buffer.copy().readByteArray() shouldBe bytes
                    repeat(full) { receiver.receiveText() shouldBe "fill" }
                    waiting.join()
                }
                buffer.size shouldBe 0
                receiver.receive().use { it.bytes() shouldBe bytes }
                receiver.tryReceive() shouldBe null
            }
        }

        scenario("a buffer of $size bytes goes to an address of the JDK's too, once there is room") {
            val receiver = bound()
            val sender = open()
            val target = UnixDomainSocketAddress.of((receiver.localAddress() as UnixAddress).toPath())
            val full = sender.fill(target)
            playing {
                val sending = launch { sender.send(Buffer().apply { write(ByteArray(size)) }, target) }
                val awaiting = launch { sender.awaitWritable(target) }
                Thread.sleep(WATCHING_MILLIS)
                (sending.isActive && awaiting.isActive) shouldBe true
                repeat(full) { receiver.receiveText() shouldBe "fill" }
                awaiting.join()
                sending.join()
            }
            receiver.receive().use { it.size() shouldBe size }
        }

        scenario("closing the socket ends the wait of a buffer of $size bytes, which keeps them") {
            val receiver = bound()
            val sender = open()
            sender.fill(receiver.localAddress())
            val bytes = Random.nextBytes(size)
            val buffer = Buffer().apply { write(bytes) }
            playing {
                val waiting = async { runCatching { sender.send(buffer, receiver.localAddress()) } }
                Thread.sleep(WATCHING_MILLIS)
                sender.close()
                waiting.await().exceptionOrNull().shouldBeInstanceOf<ClosedChannelException>()
            }
            buffer.readByteArray() shouldBe bytes
        }
    }
}
