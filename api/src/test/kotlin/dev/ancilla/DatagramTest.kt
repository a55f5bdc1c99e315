package dev.ancilla

import dev.ancilla.scripted.ScriptedFd
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import java.nio.ByteBuffer
import java.nio.ReadOnlyBufferException

class DatagramTest : FunSpec({
    fun datagram(payload: ByteArray, size: Int = payload.size, ancillary: Ancillary = Ancillary.none()) =
        Datagram(ByteBuffer.wrap(payload), null, ancillary, size)

    test("the payload is read as often as one likes, and cannot be changed") {
        val datagram =
            Datagram(ByteBuffer.wrap("-hello-".toByteArray()).position(1).limit(6), null, Ancillary.none(), 5)
        repeat(2) {
            datagram.text() shouldBe "hello"
            String(datagram.bytes()) shouldBe "hello"
            datagram.payload().remaining() shouldBe 5
        }
        datagram.bytes()[0] = 0
        datagram.text() shouldBe "hello"
        shouldThrow<ReadOnlyBufferException> { datagram.payload().put(0) }
    }

    test("what is no UTF-8 is shown as such") {
        datagram(byteArrayOf(-1, 'x'.code.toByte())).text() shouldBe "\ufffdx"
    }

    test("a payload that was cut tells how long it was") {
        datagram(ByteArray(5)).truncated() shouldBe false
        val cut = datagram(ByteArray(5), size = 9)
        cut.truncated() shouldBe true
        cut.size() shouldBe 9
        datagram(ByteArray(0)).truncated() shouldBe false
    }

    test("closing closes what nobody took, once") {
        val handles = List(3) { ScriptedFd() }
        val ancillary = Ancillary.received(handles.map { OwnedFd.wrap(it) }, null, false)
        val datagram = datagram(ByteArray(1), ancillary = ancillary)
        datagram.toString() shouldBe "Datagram(size=1, sender=null, descriptors=3)"
        val taken = datagram.ancillary().take()
        repeat(2) { datagram.close() }
        handles.map { it.closes.get() } shouldBe listOf(0, 1, 1)
        taken.close()
        handles.map { it.closes.get() } shouldBe listOf(1, 1, 1)
    }
})
