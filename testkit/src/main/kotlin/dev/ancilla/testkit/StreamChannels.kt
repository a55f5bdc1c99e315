package dev.ancilla.testkit

import dev.ancilla.Ancillary
import dev.ancilla.OwnedFd
import dev.ancilla.StreamSocket
import dev.ancilla.coroutines.framesIn
import dev.ancilla.coroutines.linesIn
import dev.ancilla.coroutines.readFrame
import dev.ancilla.coroutines.write
import dev.ancilla.coroutines.writeFrame
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.collections.shouldBeIn
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.channels.ReceiveChannel
import kotlinx.coroutines.channels.toList
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.yield
import kotlinx.io.bytestring.decodeToString
import kotlinx.io.bytestring.encodeToByteString
import java.net.ProtocolException
import java.nio.channels.ClosedChannelException

/** Frames and lines in channels: what ends them, and what becomes of what nobody received. */
internal fun StreamContract.streamChannels() {
    scenario("a channel of frames brings each with its descriptors, and closes at the end of the stream") {
        val pair = pair()
        playing {
            launch { pair.left().frames(this@scenario, 20) }
            val frames = pair.right().framesIn(this, capacity = 2)
            val texts = mutableListOf<String>()
            for (frame in frames) {
                val descriptor = frame.ancillary().takeAll().single()
                texts += frame.payload.decodeToString() + descriptor.use(OwnedFd::readText)
            }
            texts.shouldContainExactly(List(20) { "frame $it: file $it" })
        }
        pair.right().isOpen shouldBe true
    }

    for ((how, end) in channelEnds) {
        scenario("frames that nobody received are closed with their descriptors when $how") {
            val pair = pair()
            playing {
                pair.left().frames(this@scenario, 8)
                val before = Census.take()
                val parent = Job(coroutineContext[Job])
                val frames = pair.right().framesIn(CoroutineScope(coroutineContext + parent), capacity = 3)
                frames.receive().use { it.payload.decodeToString() shouldBe "frame 0: " }
                until("three are in the channel, and one waits for room") {
                    Census.take().since(before).count { it.value.startsWith("$directory") } == 4
                }
                end(frames, parent, pair.right())
                parent.cancelAndJoin()
            }
        }
    }

    scenario("a channel of frames that was cancelled leaves the next frame, whole, to others") {
        val pair = pair()
        runBlocking {
            coroutineScope {
                val frames = pair.right().framesIn(this, capacity = 1)
                yield() // It runs until it waits.
                frames.cancel()
            }
            pair.left().frames(this@scenario, 1)
            pair.right().readFrame()!!.use {
                it.payload.decodeToString() shouldBe "frame 0: "
                it.ancillary().takeAll().single().use(OwnedFd::readText) shouldBe "file 0"
            }
        }
    }

    scenario("a channel of frames fails with what ended it, after the frames before") {
        val pair = pair()
        playing {
            pair.left().writeFrame("ok".encodeToByteString())
            pair.left().writeFrame("too long".encodeToByteString())
            val frames = pair.right().framesIn(this, maxBytes = 7)
            frames.receive().use { it.payload.decodeToString() shouldBe "ok" }
            shouldThrow<ProtocolException> { frames.receive() }.message shouldContain "maxBytes (7)"
            pair.right().readFrame()!!.use { it.payload.decodeToString() shouldBe "too long" }
        }
        shouldThrow<IllegalArgumentException> { playing { pair.right().framesIn(this, capacity = 0) } }
    }

    scenario("a channel of lines brings them to the end, or until it is cancelled") {
        val pair = pair()
        playing {
            pair.left().write("one\r\ntwo\n\nlast")
            pair.left().shutdownOutput()
            pair.right().linesIn(this, capacity = 1).toList().shouldContainExactly("one", "two", "", "last")

            pair.right().write("a\nb\nc\nd\ne\n")
            val lines = pair.left().linesIn(this, capacity = 1)
            lines.receive() shouldBe "a"
            lines.cancel()
        }
        pair.right().shutdownOutput()
        // One line was in the channel, or on its way there.
        pair.left().readToText() shouldBeIn listOf("b\nc\nd\ne\n", "c\nd\ne\n", "d\ne\n")
    }
}

/** What ends a channel before its stream does. */
private val channelEnds: Map<String, suspend (ReceiveChannel<AutoCloseable>, Job, StreamSocket) -> Unit> =
    mapOf(
        "the channel is cancelled" to { frames, _, _ -> frames.cancel() },
        "the scope is cancelled" to { _, scope, _ -> scope.cancelAndJoin() },
        "the socket is closed" to { frames, _, socket ->
            socket.close()
            frames.toList().forEach(AutoCloseable::close)
            shouldThrow<ClosedChannelException> { socket.readFrame() }
        },
    )

private suspend fun StreamSocket.frames(scene: StreamScene, count: Int) {
    repeat(count) { n ->
        scene.fileWith("file $n").use { writeFrame("frame $n: ".encodeToByteString(), Ancillary.lend(it)) }
    }
    shutdownOutput()
}
