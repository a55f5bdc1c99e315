package dev.ancilla.examples.tool

import dev.ancilla.Errno
import dev.ancilla.OwnedFd
import java.io.FileNotFoundException
import java.io.IOException
import java.nio.file.AccessDeniedException
import java.nio.file.Files
import java.nio.file.NoSuchFileException
import java.nio.file.Path

/** The descriptors that the command line names, to be lent to messages. */
internal class LentFds private constructor(val all: List<OwnedFd>) : AutoCloseable {
    override fun close() = all.forEach { it.close() }

    companion object {
        /** Opens [files] for reading and duplicates the descriptors that were [inherited]. */
        fun open(files: List<Path>, inherited: List<Int>): LentFds {
            val opened = mutableListOf<OwnedFd>()
            try {
                files.forEach { opened.add(openFile(it)) }
                inherited.forEach { opened.add(duplicate(it)) }
            } catch (e: Throwable) {
                opened.forEach { it.close() }
                throw e
            }
            return LentFds(opened)
        }

        private fun openFile(file: Path): OwnedFd = try {
            // Not every provider can open one.
            if (Files.isDirectory(file)) throw refused("open", Errno.EISDIR, "$file")
            OwnedFd.open(file)
        } catch (_: NoSuchFileException) {
            throw refused("open", Errno.ENOENT, "$file")
        } catch (_: AccessDeniedException) {
            throw refused("open", Errno.EACCES, "$file")
        } catch (e: FileNotFoundException) {
            // Its only sign of a reason is "path (reason)".
            val reason = e.message.orEmpty().substringAfterLast('(').removeSuffix(")")
            throw refused("open", Errno.ofText(reason), "$file", reason)
        }

        /** The number itself stays with whoever uses it, standard output perhaps. */
        private fun duplicate(number: Int): OwnedFd = try {
            val inherited = OwnedFd.of(number)
            try {
                inherited.duplicate()
            } finally {
                inherited.release()
            }
        } catch (e: IOException) {
            throw refused("dup", Errno.EBADF, "$number").initCause(e)
        }
    }
}
