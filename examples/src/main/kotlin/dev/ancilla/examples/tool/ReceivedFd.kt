package dev.ancilla.examples.tool

import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path

/**
 * What this process can see of one of its descriptors.
 *
 * @property type `file`, `directory`, `pipe`, `socket`, `memfd`, `eventfd`, `device` or `other`
 * @property target what `/proc/self/fd` says it is, `null` where there is no such directory
 * @property size the bytes that a file or memfd has, `null` for what has no size
 */
internal data class ReceivedFd(val number: Int, val type: String, val target: String?, val size: Long?) {
    companion object {
        fun of(number: Int): ReceivedFd {
            val link = Path.of("/proc/self/fd/$number")
            return try {
                val target = Files.readSymbolicLink(link).toString()
                val seen = Files.readAttributes(link, "unix:mode,size")
                val type = type(target, seen["mode"] as Int)
                val size = if (type == "file" || type == "memfd") seen["size"] as Long else null
                ReceivedFd(number, type, target, size)
            } catch (_: IOException) {
                ReceivedFd(number, "other", null, null)
            }
        }

        /** The type bits are those of inode(7). A memfd is a file, and an eventfd has no type there. */
        private fun type(target: String, mode: Int): String = when (mode and 0xf000) {
            0x8000 -> if (target.startsWith("/memfd:")) "memfd" else "file"
            0x4000 -> "directory"
            0x1000 -> "pipe"
            0xc000 -> "socket"
            0x2000, 0x6000 -> "device"
            else -> if (target == "anon_inode:[eventfd]") "eventfd" else "other"
        }
    }
}
