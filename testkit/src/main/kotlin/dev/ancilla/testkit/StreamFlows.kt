package dev.ancilla.testkit

import dev.ancilla.Ancillary
import dev.ancilla.OwnedFd
import dev.ancilla.StreamSocket
import dev.ancilla.coroutines.asSink
import dev.ancilla.coroutines.asSource
import dev.ancilla.coroutines.connections
import dev.ancilla.coroutines.frames
import dev.ancilla.coroutines.lines
import dev.ancilla.coroutines.read
import dev.ancilla.coroutines.readAtMostTo
import dev.ancilla.coroutines.readFrame
import dev.ancilla.coroutines.serve
import dev.ancilla.coroutines.write
import dev.ancilla.coroutines.writeFrame
import dev.ancilla.testkit.samples.serveAndAsk
import dev.ancilla.testkit.samples.splitStream
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancel
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.io.Buffer
import kotlinx.io.buffered
import kotlinx.io.bytestring.decodeToString
import kotlinx.io.bytestring.encodeToByteString
import kotlinx.io.readByteArray
import kotlinx.io.readLine
import kotlinx.io.readString
import kotlinx.io.writeString
import java.io.EOFException
import java.net.ProtocolException
import java.nio.ByteBuffer
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.atomic.AtomicInteger
import kotlin.time.Duration.Companion.milliseconds

/** What Kotlin adds to streams: flows, handlers, buffers, frames and lines. */
internal fun StreamContract.streamFlows() {
    servedConnections()
    streamBuffers()
    framesAndLines()
}

private fun StreamContract.servedConnections() {
    scenario("each connection has a handler, whose failure is its own, and all end with the call") {
        val server = server()
        val failed = ConcurrentLinkedQueue<String>()
        val running = AtomicInteger()
        val staying = AtomicInteger()
        runBlocking(Dispatchers.IO) {
            val serving =
                launch {
                    server.serve(onFailure = {
                        _,
                        failure,
                        ->
                        failed += failure.message.orEmpty()
                    }) { connection ->
                        running.incrementAndGet()
                        try {
                            val line = connection.lines().first()
                            if (line == "fail") error("as asked")
                            if (line == "stay") {
                                staying.incrementAndGet()
                                awaitCancellation()
                            }
                            connection.write("got $line".toBuffer())
                        } finally {
                            running.decrementAndGet()
                        }
                    }
                }
            val clients =
                listOf("a", "fail", "stay").map {
                    clientOf(server).also { c ->
                        c.write("$it\n".toBuffer())
                    }
                }
            clients[0].readToText() shouldBe "got a"
            clients[1].readToText() shouldBe ""
            failed.toList().shouldContainExactly("as asked")
            // What a connection has not read when it is closed would be told to its client as a reset.
            until("one has read and stays") { staying.get() == 1 }
            until("only that is handled") { running.get() == 1 }
            serving.cancelAndJoin()
            clients[2].readToText() shouldBe ""
            running.get() shouldBe 0
        }
        server.isOpen shouldBe true
    }

    scenario("an error of a handler, or the end of a timeout of its own, is told and ends no other") {
        val server = server()
        val failed = ConcurrentLinkedQueue<String?>()
        runBlocking(Dispatchers.IO) {
            val serving =
                launch {
                    val told = { _: StreamSocket, failure: Throwable -> failed += failure::class.simpleName }
                    server.serve(onFailure = told) { connection ->
                        when (connection.lines().first()) {
                            "late" -> withTimeout(1.milliseconds) { awaitCancellation() }
                            "wrong" -> throw AssertionError("as asked")
                            else -> connection.write("answer".toBuffer())
                        }
                    }
                }
            val answers =
                listOf("late", "wrong", "right").map { line ->
                    clientOf(server).let {
                        it.write("$line\n".toBuffer())
                        it.readToText()
                    }
                }
            answers.shouldContainExactly("", "", "answer")
            serving.cancelAndJoin()
        }
        failed.toList().shouldContainExactly("TimeoutCancellationException", "AssertionError")
    }

    scenario("no more connections are served at a time than were asked for, and closing lets handlers end") {
        val server = server()
        val most = AtomicInteger()
        val now = AtomicInteger()
        runBlocking(Dispatchers.IO) {
            val serving =
                launch {
                    server.serve(atMost = 2) { connection ->
                        most.accumulateAndGet(now.incrementAndGet(), Math::max)
                        connection.read(ByteBuffer.allocate(1)).close()
                        now.decrementAndGet()
                    }
                }
            val clients = List(6) { clientOf(server) }
            clients.take(4).forEach { it.write("x".toBuffer()) }
            clients.take(4).forEach { it.readToText() shouldBe "" }
            until("two are handled") { now.get() == 2 }
            server.close()
            clients.drop(4).forEach { it.write("x".toBuffer()) }
            serving.join()
        }
        most.get() shouldBe 2
    }

    scenario("a flow of connections closes the one it was stopped at, and ends with its server") {
        val server = server()
        runBlocking {
            val clients = List(2) { clientOf(server) }
            shouldThrow<IllegalStateException> { server.connections().collect { error("not this one") } }
            clients[0].readToText() shouldBe ""
            val texts =
                server.connections().map { connection ->
                    connection.use { it.write("hi".toBuffer()) }
                    server.close()
                }
            texts.toList().size shouldBe 1
            clients[1].readToText() shouldBe "hi"
        }
    }

    scenario("the documented server answers each line") {
        runBlocking { serveAndAsk(server()) }.shouldContainExactly("hello Ada", "hello Grace")
    }

    scenario("halves of a stream have owners of their own") {
        val pair = pair()
        runBlocking(Dispatchers.IO) {
            val other = async { splitStream(pair.left()) }
            pair.right().readToText() shouldBe "to the peer"
            pair.right().write("to the us".toBuffer())
            other.await() shouldBe "to the us"
        }
        pair.left().isOpen shouldBe false
    }
}

private fun StreamContract.streamBuffers() {
    scenario("buffers of kotlinx-io are written and read whole, in order, whatever their segments") {
        val pair = pair()
        val sent = ByteArray(1_000_000) { (it * 31 shr 3).toByte() }
        runBlocking(Dispatchers.IO) {
            launch {
                val source = Buffer().apply { write(sent) }
                pair.left().write(source)
                source.size shouldBe 0
                pair.left().shutdownOutput()
            }
            val sink = Buffer()
            do {
                val ended = pair.right().readAtMostTo(sink).use { it.isEnd }
            } while (!ended)
            sink.readByteArray().contentEquals(sent) shouldBe true
        }
    }

    scenario("a read into a buffer brings the descriptors of its bytes") {
        val pair = pair()
        fileWith("beside").use { file ->
            runBlocking {
                pair.left().write(ByteBuffer.wrap(byteArrayOf(1, 2, 3)), Ancillary.lend(file))
                val sink = Buffer()
                pair.right().readAtMostTo(sink, 2).use { read ->
                    read.count() shouldBe 2
                    read.ancillary().takeAll().single().use(OwnedFd::readText) shouldBe "beside"
                }
                pair.right().readAtMostTo(sink).use { it.ancillary().descriptors().size shouldBe 0 }
                sink.size shouldBe 3
            }
        }
    }

    scenario("blocking sources and sinks carry text and end with the stream") {
        val pair = pair()
        pair.left().asSink().buffered().use { it.writeString("one\ntwo") }
        pair.right().asSource().buffered().use { source ->
            source.readLine() shouldBe "one"
            source.readString() shouldBe "two"
            source.exhausted() shouldBe true
        }
        pair.left().isOpen shouldBe true
    }
}

private fun StreamContract.framesAndLines() {
    scenario("frames come whole, each with its own descriptors, to the end of the stream") {
        val pair = pair()
        val files = List(3) { fileWith("file $it") }
        runBlocking(Dispatchers.IO) {
            launch {
                pair.left().writeFrame("".encodeToByteString())
                repeat(3) { n ->
                    pair.left().writeFrame(
                        "frame $n".repeat(20_000).encodeToByteString(),
                        Ancillary.lend(files[n]),
                    )
                }
                pair.left().shutdownOutput()
            }
            val frames =
                pair.right().frames().map { frame ->
                    val texts = frame.ancillary().takeAll().map { it.use(OwnedFd::readText) }
                    frame.payload.decodeToString().take(7) to texts
                }
            frames.toList().shouldContainExactly(
                "" to listOf(),
                "frame 0" to listOf("file 0"),
                "frame 1" to listOf("file 1"),
                "frame 2" to listOf("file 2"),
            )
        }
    }

    scenario("a cancelled read of a frame has read nothing, neither bytes nor descriptors") {
        val pair = pair()
        val file = fileWith("kept")
        runBlocking {
            val part = ByteBuffer.allocate(6).putInt(0, 4).put(4, 'a'.code.toByte()).put(5, 'b'.code.toByte())
            pair.left().write(part, Ancillary.lend(file))
            val reading = async(start = CoroutineStart.UNDISPATCHED) { pair.right().readFrame() }
            reading.cancelAndJoin()
            pair.left().write("cd".toBuffer())
            pair.right().readFrame()!!.use { frame ->
                frame.payload.decodeToString() shouldBe "abcd"
                frame.ancillary().takeAll().single().use(OwnedFd::readText) shouldBe "kept"
            }
        }
    }

    scenario("a cancelled read of a frame does not forget that descriptors were discarded") {
        val pair = pair(descriptors = 1)
        val files = listOf(fileWith("kept"), fileWith("discarded"))
        runBlocking {
            pair.left().write(ByteBuffer.allocate(4).putInt(0, 1), Ancillary.lend(files))
            val reading = async(start = CoroutineStart.UNDISPATCHED) { pair.right().readFrame() }
            reading.cancelAndJoin()
            pair.left().write("x".toBuffer())
            pair.right().readFrame()!!.use { frame ->
                frame.ancillary().descriptors().size shouldBe 1
                frame.ancillary().truncated() shouldBe true
            }
        }
    }

    scenario("a frame that is too long, or cut off, is told and not swallowed") {
        val pair = pair()
        runBlocking {
            pair.left().writeFrame("12345".encodeToByteString())
            shouldThrow<ProtocolException> { pair.right().readFrame(maxBytes = 4) }.message shouldContain
                "5 bytes"
            pair.right().readFrame()!!.payload.decodeToString() shouldBe "12345"
            pair.left().write(ByteBuffer.wrap(byteArrayOf(0, 0)))
            pair.left().shutdownOutput()
            shouldThrow<EOFException> { pair.right().readFrame() }
        }
    }

    scenario("lines come one by one, what follows the last that is wanted stays, and a long one is refused") {
        val pair = pair()
        runBlocking {
            pair.left().write("one\r\ntwo\n\nfour\nrest".toBuffer())
            pair.right().lines().take(3).toList().shouldContainExactly("one", "two", "")
            pair.left().shutdownOutput()
            pair.right().lines().toList().shouldContainExactly("four", "rest")
        }
        val other = pair()
        runBlocking {
            other.left().write("x".repeat(100).toBuffer())
            shouldThrow<ProtocolException> { other.right().lines(maxBytes = 99).toList() }
            other.right().readExactly(100).first shouldBe "x".repeat(100)
        }
    }

    scenario("the line end is no part of the longest line, and half a line end is") {
        val pair = pair()
        runBlocking {
            pair.left().write("${"x".repeat(99)}\r\n${"y".repeat(99)}\r".toBuffer())
            pair.right().lines(maxBytes = 99).first() shouldBe "x".repeat(99)
            pair.left().shutdownOutput()
            shouldThrow<ProtocolException> { pair.right().lines(maxBytes = 99).toList() }
            pair.right().lines(maxBytes = 100).toList().shouldContainExactly("${"y".repeat(99)}\r")
        }
    }

    scenario("a collector of lines that is cancelled has those that were taken, and the rest stays") {
        val pair = pair()
        val taken = mutableListOf<String>()
        runBlocking {
            pair.left().write("one\ntwo\nthree\n".toBuffer())
            launch {
                pair.right().lines().collect {
                    taken += it
                    currentCoroutineContext().cancel()
                }
            }.join()
            taken.shouldContainExactly("one")
            pair.left().shutdownOutput()
            pair.right().lines().toList().shouldContainExactly("two", "three")
        }
    }
}

private fun String.toBuffer(): ByteBuffer = bytes(this)
