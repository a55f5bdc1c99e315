package dev.ancilla.ffm.stress

import dev.ancilla.Ancillary
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import java.io.IOException
import java.nio.ByteBuffer
import java.nio.file.Files
import java.nio.file.Path

/** A message is not what was sent, or not due here. */
internal class WrongMessage(message: String) : RuntimeException(message)

/** Fails with [message] unless it is [right]. */
internal inline fun expect(right: Boolean, message: () -> String) {
    if (!right) throw WrongMessage(message())
}

/** Who sent a message, and as which of that sender's. */
internal data class Stamp(val route: Long, val sender: Int, val number: Int)

/**
 * The messages of the stress. What one looks like follows from its stamp alone, so that every byte
 * and every descriptor of it can be checked where it arrives.
 */
internal class Letters(seed: Long) : AutoCloseable {
    private val salt = mix(seed)
    private val files = List(FILES) { OwnedFd.memfd("stress-$it-") }

    private fun dice(stamp: Stamp): Long = mix(salt + mix(stamp.route * 31 + stamp.sender) + stamp.number)

    /** Mostly short; now and then longer than a slot of the receiver's, rarely much longer. */
    private fun size(dice: Long): Int = when {
        dice % 2003 == 0L -> 60_000
        dice % 53 == 0L -> 2_000 + (dice ushr 20).toInt().and(0x3fff)
        else -> HEADER + (dice ushr 20).toInt().and(0x7f)
    }

    /** One message in ten has one to three. */
    private fun files(dice: Long): List<Int> {
        val rest = dice ushr 8
        val count = if (rest % 10 == 0L) 1 + (rest / 10 % 3).toInt() else 0
        return List(count) { (rest ushr it * 4).toInt() and FILES - 1 }
    }

    fun bytes(stamp: Stamp): ByteBuffer {
        val bytes = ByteBuffer.allocate(size(dice(stamp)))
        bytes.putInt(MAGIC).putLong(stamp.route).putInt(stamp.sender).putInt(stamp.number)
        var fill = filling(stamp)
        while (bytes.hasRemaining()) bytes.put(fill++.toByte())
        return bytes.flip()
    }

    /** The descriptors that go with it, which stay this object's. */
    fun descriptors(stamp: Stamp): List<OwnedFd> = files(dice(stamp)).map(files::get)

    fun message(stamp: Stamp): Message = Message.of(bytes(stamp)).with(Ancillary.lend(descriptors(stamp)))

    private fun filling(stamp: Stamp): Int = stamp.number * 31 + stamp.sender * 7 + stamp.route.toInt()

    /** Reads a message; fails if it is not whole and as it was sent. */
    fun read(payload: ByteBuffer, size: Int): Stamp {
        expect(payload.remaining() >= HEADER && payload.getInt() == MAGIC) { "$size bytes that are not ours" }
        val stamp = Stamp(payload.getLong(), payload.getInt(), payload.getInt())
        val expected = size(dice(stamp))
        expect(size == expected && payload.limit() == expected) {
            "$stamp has ${payload.limit()} of $size bytes, of $expected that were sent"
        }
        var fill = filling(stamp)
        while (payload.hasRemaining()) {
            val at = payload.position()
            expect(payload.get() == fill++.toByte()) { "$stamp is corrupted at byte $at" }
        }
        return stamp
    }

    /** Fails unless exactly the descriptors came that were sent; takes some, leaves others. */
    fun check(stamp: Stamp, ancillary: Ancillary) {
        val dice = dice(stamp)
        val expected = files(dice)
        val came = ancillary.descriptors()
        check(came.size == expected.size && !ancillary.truncated()) {
            "$stamp: ${came.size} descriptors, of ${expected.size}, truncated: ${ancillary.truncated()}"
        }
        came.zip(expected).forEach { (descriptor, file) -> check(stamp, descriptor, file) }
        if (came.isNotEmpty() && dice and 1 == 0L) ancillary.take().close()
    }

    private fun check(stamp: Stamp, descriptor: OwnedFd, file: Int) = descriptor.hold().use { held ->
        val number = held.handle().number()
        val link =
            try {
                Files.readSymbolicLink(Path.of("/proc/self/fd/$number")).toString()
            } catch (_: IOException) {
                "nothing"
            }
        check(link.startsWith("/memfd:stress-$file-")) { "$stamp: $number is $link, not file $file" }
    }

    override fun close() = files.forEach(OwnedFd::close)

    private companion object {
        const val MAGIC = 0x57e55
        const val HEADER = 20
        const val FILES = 16
    }
}

/** Scatters the bits of a number (the finalizer of SplitMix64); never negative. */
private fun mix(number: Long): Long {
    var z = number + -0x61c8864680b583ebL
    z = (z xor (z ushr 30)) * -0x40a7b892e31b1a47L
    z = (z xor (z ushr 27)) * -0x6b2fb644ecceee15L
    return (z xor (z ushr 31)) ushr 1
}
