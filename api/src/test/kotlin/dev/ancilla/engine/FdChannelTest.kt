package dev.ancilla.engine

import dev.ancilla.OwnedFd
import dev.ancilla.scripted.ScriptedFd
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import java.nio.ByteBuffer
import java.nio.channels.ClosedChannelException

class FdChannelTest : FunSpec({
    test("a stream reads to the end, however little each call gives") {
        val handle = ScriptedFd(content = "hello, \u00e4\u0000world", mostPerCall = 3)
        OwnedFd.wrap(handle).inputStream().use { stream ->
            String(stream.readAllBytes()) shouldBe "hello, \u00e4\u0000world"
            stream.read() shouldBe -1
        }
        handle.closes.get() shouldBe 1
    }

    test("a single byte is read without its sign, and its end is no byte") {
        val handle = ScriptedFd(content = "\u00ff")
        OwnedFd.wrap(handle).inputStream().use { stream ->
            listOf(stream.read(), stream.read(), stream.read()) shouldBe listOf(0xc3, 0xbf, -1)
        }
    }

    test("a stream writes all of an array, however little each call takes") {
        val handle = ScriptedFd(mostPerCall = 2)
        OwnedFd.wrap(handle).outputStream().use { stream ->
            stream.write("-hello-".toByteArray(), 1, 5)
            stream.write('!'.code)
        }
        handle.text shouldBe "hello!"
        handle.closes.get() shouldBe 1
    }

    test("parts outside the array are refused") {
        OwnedFd.wrap(ScriptedFd(content = "x")).use { fd ->
            shouldThrow<IndexOutOfBoundsException> { fd.inputStream().read(ByteArray(4), 2, 3) }
            shouldThrow<IndexOutOfBoundsException> { fd.outputStream().write(ByteArray(4), -1, 2) }
        }
    }

    test("a channel seeks, tells its size and cuts") {
        val handle = ScriptedFd(content = "0123456789")
        OwnedFd.wrap(handle).channel().use { channel ->
            channel.size() shouldBe 10
            channel.position(7).position() shouldBe 7
            val rest = ByteBuffer.allocate(10)
            channel.read(rest) shouldBe 3
            channel.truncate(2).size() shouldBe 2
            channel.position(0).write(ByteBuffer.wrap("ab".toByteArray())) shouldBe 2
            handle.text shouldBe "ab"
            shouldThrow<IllegalArgumentException> { channel.position(-1) }
            shouldThrow<IllegalArgumentException> { channel.truncate(-1) }
        }
        handle.closes.get() shouldBe 1
    }

    test("nothing to read or write makes no call") {
        val handle = ScriptedFd(content = "x")
        OwnedFd.wrap(handle).channel().use { channel ->
            channel.read(ByteBuffer.allocate(0)) shouldBe 0
            channel.write(ByteBuffer.allocate(0)) shouldBe 0
        }
    }

    test("a channel and its descriptor are closed together") {
        val fd = OwnedFd.wrap(ScriptedFd(content = "x"))
        val channel = fd.channel()
        fd.close()
        channel.isOpen shouldBe false
        shouldThrow<ClosedChannelException> { channel.read(ByteBuffer.allocate(1)) }
        shouldThrow<ClosedChannelException> { channel.size() }
        shouldThrow<ClosedChannelException> { fd.inputStream().read() }
        shouldThrow<ClosedChannelException> { fd.outputStream().write(1) }
    }
})
