package dev.ancilla.ffm

import dev.ancilla.Ancillary
import dev.ancilla.OwnedFd
import dev.ancilla.Sockets
import dev.ancilla.StreamSocket
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.shouldBe
import java.lang.foreign.Arena
import java.nio.ByteBuffer
import java.nio.file.Path
import kotlin.concurrent.thread

private const val MUCH = 20_000

private fun numbered(buffer: ByteBuffer): ByteBuffer {
    for (i in buffer.position() until buffer.limit()) buffer.put(i, (i % 251).toByte())
    return buffer
}

private fun <T> paired(block: (StreamSocket, StreamSocket) -> T): T =
    Sockets.unixStream().maxDescriptors(1).pair().use { block(it.left(), it.right()) }

/** Large direct buffers, which are read and written in place. */
class StreamRowsTest :
    RowSpec({
        row("what is written from a part of a direct buffer arrives in a part of another") {
            paired { left, right ->
                val source = numbered(ByteBuffer.allocateDirect(MUCH + 20).position(7).limit(MUCH + 7))
                left.tryWrite(source.asReadOnlyBuffer()) shouldBe MUCH
                source.position() shouldBe 7
                left.tryWrite(source) shouldBe MUCH
                source.remaining() shouldBe 0

                val target = ByteBuffer.allocateDirect(2 * MUCH + 20).position(11).limit(2 * MUCH + 11)
                while (target.hasRemaining()) right.tryRead(target)!!.use { it.isEnd shouldBe false }
                target.position() shouldBe 2 * MUCH + 11
                for (half in listOf(target.slice(11, MUCH), target.slice(MUCH + 11, MUCH))) {
                    half shouldBe source.slice(7, MUCH)
                }
                listOf(0, 10, 2 * MUCH + 11, 2 * MUCH + 19).forEach { target.clear().get(it) shouldBe 0 }
            }
        }

        row("a descriptor comes with a direct buffer, and the end after it") {
            paired { left, right ->
                OwnedFd.open(Path.of("/dev/null")).use { passed ->
                    val bytes = listOf(ByteBuffer.allocateDirect(MUCH))
                    left.tryWrite(bytes, Ancillary.lend(passed)) shouldBe MUCH
                }
                left.shutdownOutput()
                val target = ByteBuffer.allocateDirect(MUCH + 1)
                right.tryRead(target)!!.use {
                    it.count() shouldBe MUCH
                    it.ancillary().descriptors().size shouldBe 1
                }
                right.tryRead(ByteBuffer.allocateDirect(MUCH))!!.isEnd shouldBe true
            }
        }

        row("a buffer of a closed arena is refused, and the socket goes on") {
            paired { left, right ->
                val buffer = Arena.ofShared().use { it.allocate(MUCH.toLong()).asByteBuffer() }
                shouldThrow<IllegalStateException> { left.tryWrite(buffer) }
                shouldThrow<IllegalStateException> { right.tryRead(buffer) }
                left.tryWrite(ByteBuffer.allocateDirect(MUCH)) shouldBe MUCH
                right.tryRead(ByteBuffer.allocateDirect(MUCH))!!.use { it.count() shouldBe MUCH }
            }
        }

        row("an arena that another thread closes is held for the time of the call") {
            paired { left, right ->
                repeat(200) {
                    val arena = Arena.ofShared()
                    val buffer = arena.allocate(MUCH.toLong()).asByteBuffer()
                    val closing =
                        thread {
                            while (runCatching { arena.close() }.isFailure) Thread.onSpinWait()
                        }
                    val target = ByteBuffer.allocateDirect(MUCH)
                    try {
                        while (true) {
                            left.tryWrite(buffer.rewind())
                            while (right.tryRead(target.clear())?.use { it.count() } ?: 0 > 0) continue
                        }
                    } catch (_: IllegalStateException) {
                        // The arena is closed.
                    }
                    closing.join()
                }
            }
        }
    })
