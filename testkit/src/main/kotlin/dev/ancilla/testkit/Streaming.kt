package dev.ancilla.testkit

import dev.ancilla.Ancillary
import dev.ancilla.Errno
import dev.ancilla.Feature
import dev.ancilla.SocketOpException
import dev.ancilla.StreamSocket
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.ints.shouldBeGreaterThan
import io.kotest.matchers.longs.shouldBeGreaterThan
import io.kotest.matchers.shouldBe
import io.kotest.matchers.types.shouldBeInstanceOf
import java.io.EOFException
import java.net.SocketTimeoutException
import java.nio.ByteBuffer
import java.nio.ReadOnlyBufferException
import java.nio.channels.ClosedChannelException
import java.time.Duration
import kotlin.random.Random

/** Bytes in order, their end, and waiting for both. */
internal fun StreamContract.streaming() {
    inEveryStyle("O53 11 bytes each way, then 500,000 one way as one exact read") {
        val server = server()
        val client = clientOf(server)
        val accepted = server.accept()
        client.write("hello there")
        accepted.readExactly(11) shouldBe ("hello there" to emptyList())
        accepted.write("general ken")
        client.readExactly(11).first shouldBe "general ken"

        val sent = Random(53).nextBytes(500_000)
        val write = style.write(client, listOf(ByteBuffer.wrap(sent)), Ancillary.none())
        val target = ByteBuffer.allocate(500_000)
        style.readExactly(accepted, target, 0).await()

        write.await()
        target.array().contentEquals(sent) shouldBe true
    }

    inEveryStyle("5,000,000 bytes written and ended at once reach a slow reader whole, and then the end") {
        val pair = pair()
        val sent = Random(5).nextBytes(5_000_000)
        val end = style.end(pair.left(), listOf(ByteBuffer.wrap(sent)), Ancillary.none())
        end.expectWaiting()
        val came = ByteBuffer.allocate(sent.size + 1)
        var reads = 0
        while (!pair.right().read(came.limit(minOf(came.position() + 70_001, came.capacity()))).isEnd) {
            if (reads++ % 10 == 0) Thread.sleep(1)
        }
        end.await()
        came.position() shouldBe sent.size
        came.array().copyOf(sent.size).contentEquals(sent) shouldBe true
        pair.right().read(ByteBuffer.allocate(1)).isEnd shouldBe true
    }

    inEveryStyle("would block, bytes and the end of the stream are told apart") {
        val pair = pair()
        val target = ByteBuffer.allocate(8)
        pair.right().tryRead(target) shouldBe null
        pair.right().tryRead(ByteBuffer.allocate(0))!!.run { count() to isEnd } shouldBe (0 to false)
        pair.left().write("abc")
        pair.right().tryRead(target)!!.run { count() to isEnd } shouldBe (3 to false)
        pair.right().tryRead(target) shouldBe null
        pair.left().shutdownOutput()
        pair.right().tryRead(target)!!.run { count() to isEnd } shouldBe (0 to true)
        pair.right().write("the other way goes on")
        pair.left().readExactly(21).first shouldBe "the other way goes on"
    }

    inEveryStyle("several buffers are written in order and read in order, empty ones too") {
        val pair = pair()
        val sources = listOf("", "ab", "", "cdef", "g").map(::bytes)
        style.write(pair.left(), sources, Ancillary.none()).await()
        val targets = listOf(0, 3, 0, 2, 9).map(ByteBuffer::allocateDirect)
        style.read(pair.right(), targets).await().count() shouldBe 7
        targets.map { it.position() } shouldBe listOf(0, 3, 0, 2, 2)
        targets.joinToString("") { Charsets.UTF_8.decode(it.flip()).toString() } shouldBe "abcdefg"
        sources.none { it.hasRemaining() } shouldBe true
    }

    scenario("a buffer that cannot be written to is refused, and nothing is lost") {
        val pair = pair()
        pair.left().write("abc")
        shouldThrow<ReadOnlyBufferException> { pair.right().tryRead(bytes("xyz").asReadOnlyBuffer()) }
        pair.left().write("d")
        pair.right().readExactly(4).first shouldBe "abcd"
    }

    inEveryStyle("a read that is given up has read nothing, exact ones neither") {
        val pair = pair()
        val plain = style.read(pair.right(), listOf(ByteBuffer.allocate(8)))
        plain.expectWaiting()
        plain.cancel()
        plain.expectThrown(style.givenUp)
        val exact = style.readExactly(pair.right(), ByteBuffer.allocate(8), 1)
        pair.left().write("ab", fileWith("f"))
        exact.expectWaiting()
        exact.cancel()
        exact.expectThrown(style.givenUp)

        pair.right().readPart(8) shouldBe ("ab" to listOf("f"))
    }

    scenario("a read with a deadline ends, and the stream goes on") {
        val pair = pair()
        val soon = Duration.ofMillis(30)
        shouldThrow<SocketTimeoutException> {
            pair.right().blocking().read(listOf(ByteBuffer.allocate(1)), soon)
        }
        pair.left().write("ab")
        shouldThrow<SocketTimeoutException> {
            pair.right().blocking().readExactly(ByteBuffer.allocate(3), soon)
        }
        pair.left().write("c")
        pair.right().readExactly(3).first shouldBe "abc"
    }

    inEveryStyle("an exact read that meets the end first takes nothing") {
        val pair = pair()
        pair.left().end("abc")
        val short = style.readExactly(pair.right(), ByteBuffer.allocate(4), 0)
        short.result().exceptionOrNull().shouldBeInstanceOf<EOFException>()
        pair.right().readExactly(3).first shouldBe "abc"
        pair.right().read(ByteBuffer.allocate(1)).isEnd shouldBe true
    }

    inEveryStyle("a write that is given up has written what its buffer tells") {
        val pair = pair()
        val source = ByteBuffer.wrap(Random(7).nextBytes(3_000_000))
        val write = style.write(pair.left(), listOf(source), Ancillary.none())
        write.expectWaiting()
        write.cancel()
        write.result().isFailure shouldBe true
        source.position() shouldBeGreaterThan 0
        pair.left().shutdownOutput()
        pair.right().readToEnd() shouldBe source.position().toLong()
    }

    inEveryStyle("what the peer wrote before it left is read after a refused write") {
        val pair = pair()
        pair.left().write("last words")
        pair.left().close()
        val refused = style.write(pair.right(), listOf(bytes("x")), Ancillary.none()).result()
        (refused.exceptionOrNull() as SocketOpException).errno() shouldBe Errno.EPIPE
        pair.right().isOpen shouldBe true
        pair.right().readExactly(10).first shouldBe "last words"
        pair.right().read(ByteBuffer.allocate(1)).isEnd shouldBe true
    }

    inEveryStyle("a peer that leaves bytes unread is told of as ECONNRESET, and the socket stays open") {
        val pair = pair()
        pair.right().write("never read")
        pair.left().close()
        val reset = style.read(pair.right(), listOf(ByteBuffer.allocate(1))).result()
        (reset.exceptionOrNull() as SocketOpException).errno() shouldBe Errno.ECONNRESET
        pair.right().read(ByteBuffer.allocate(1)).isEnd shouldBe true
    }

    inEveryStyle("closing ends every call that waits") {
        val pair = pair()
        val read = style.read(pair.left(), listOf(ByteBuffer.allocate(1)))
        val write = style.write(pair.left(), listOf(ByteBuffer.allocate(3_000_000)), Ancillary.none())
        write.expectWaiting()
        pair.left().close()
        for (call in listOf(read, write)) {
            call.result().exceptionOrNull().shouldBeInstanceOf<ClosedChannelException>()
        }
        shouldThrow<ClosedChannelException> { pair.left().tryRead(ByteBuffer.allocate(1)) }
    }

    inEveryStyle("ended input is the end here, and EPIPE there") {
        val pair = pair()
        pair.left().shutdownInput()
        pair.left().read(ByteBuffer.allocate(1)).isEnd shouldBe true
        val refused = style.write(pair.right(), listOf(bytes("x")), Ancillary.none()).result()
        (refused.exceptionOrNull() as SocketOpException).errno() shouldBe Errno.EPIPE
    }

    scenario("a try to write takes what has room, and says 0 only when there is none") {
        val pair = pair()
        val source = ByteBuffer.allocate(3_000_000)
        var sum = 0L
        while (true) sum += pair.left().tryWrite(source).takeIf { it > 0 } ?: break
        sum shouldBeGreaterThan 0L
        source.position().toLong() shouldBe sum
        source.limit(source.position())
        pair.left().tryWrite(source) shouldBe 0
        pair.left().shutdownOutput()
        pair.right().readToEnd() shouldBe sum
    }

    scenario("both ends tell who is at the other") {
        val server = server()
        val client = clientOf(server)
        val accepted = server.accept()
        val own = ProcessHandle.current().pid()
        listOf(client, accepted).map { it.peerCredentials().pid() } shouldBe listOf(own, own)
        val alone = open()
        shouldThrow<SocketOpException> { alone.peerCredentials() }.errno() shouldBe Errno.ENOTCONN
        if (Feature.PEER_PIDFD in features) {
            client.peerPidfd().close()
            shouldThrow<SocketOpException> { alone.peerPidfd() }.errno() shouldBe Errno.ENOTCONN
        }
        client.remoteAddress() shouldBe server.localAddress()
        accepted.localAddress() shouldBe server.localAddress()
        listOf<StreamSocket>(open(), client).map { it.remoteAddress() == null } shouldBe listOf(true, false)
    }
}
