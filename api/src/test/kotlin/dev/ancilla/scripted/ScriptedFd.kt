package dev.ancilla.scripted

import dev.ancilla.Feature
import dev.ancilla.UnsupportedFeatureException
import dev.ancilla.spi.FdHandle
import java.io.FileDescriptor
import java.nio.ByteBuffer
import java.util.concurrent.atomic.AtomicInteger
import kotlin.math.min

/** A descriptor over a memory file that counts how often it is closed. */
class ScriptedFd(
    private val number: Int = NEXT.getAndIncrement(),
    content: String = "",
    private val mostPerCall: Int = Int.MAX_VALUE,
) : FdHandle {
    private var bytes = content.toByteArray()
    private var position = 0

    val closes = AtomicInteger()

    val text get() = String(bytes)

    override fun number() = number

    override fun duplicate() = ScriptedFd()

    override fun close() {
        closes.incrementAndGet()
    }

    override fun read(target: ByteBuffer): Int {
        checkOpen()
        if (position >= bytes.size) return -1
        val count = minOf(target.remaining(), bytes.size - position, mostPerCall)
        target.put(bytes, position, count)
        position += count
        return count
    }

    override fun write(source: ByteBuffer): Int {
        checkOpen()
        val count = min(source.remaining(), mostPerCall)
        bytes = bytes.copyOf(maxOf(bytes.size, position + count))
        source.get(bytes, position, count)
        position += count
        return count
    }

    private fun checkOpen() = check(closes.get() == 0) { "descriptor $number was used after close" }

    override fun position() = position.toLong()

    override fun position(position: Long) {
        this.position = position.toInt()
    }

    override fun size() = bytes.size.toLong()

    override fun truncate(size: Long) {
        bytes = bytes.copyOf(min(bytes.size, size.toInt()))
    }

    override fun fileDescriptor(): FileDescriptor =
        throw UnsupportedFeatureException(Feature.JAVA_FILE_DESCRIPTOR, "scripted", "fileDescriptor")

    companion object {
        private val NEXT = AtomicInteger(1000)
    }
}
