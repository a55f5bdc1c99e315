package dev.ancilla.examples.tool

import dev.ancilla.Errno
import dev.ancilla.SocketOpException
import java.net.SocketAddress
import java.nio.file.AccessDeniedException
import java.nio.file.FileAlreadyExistsException
import java.nio.file.FileSystemException
import java.nio.file.NoSuchFileException
import java.nio.file.NotDirectoryException

/** The exit statuses that are not 0. Scripts are written against them. */
internal object Status {
    const val TOO_FEW = 1
    const val USAGE = 2
    const val FAILED = 3
}

/** Ends the program with [status] and one line. */
internal class Ending(val status: Int, line: String) : Exception(line)

/** What the kernel refused, as the tool says it: operation, errno, subject, text. */
internal fun refused(operation: String, errno: Errno, subject: String, text: String = errno.text()) =
    Ending(Status.FAILED, "$operation $errno $subject: $text")

/** A failure as one line: a stack trace is for those who wrote the program. */
internal fun Throwable.inOneLine(): String {
    val line =
        when (this) {
            is Ending -> message
            is SocketOpException -> refused(operation(), errno(), subject(), text()).message
            is FileSystemException -> refused("open", file ?: "?").message
            else -> message ?: toString()
        }
    return line.orEmpty().lineSequence().joinToString(" ") { it.trim() }
}

private fun SocketOpException.subject(): String {
    val address: SocketAddress? = remoteAddress() ?: localAddress()
    return address?.shown() ?: "-"
}

/** As [refused], of a file. */
internal fun FileSystemException.refused(operation: String, subject: String) =
    refused(operation, errno(), subject, reason ?: errno().text())

/** The JDK tells the common reasons by class and the others by text. */
private fun FileSystemException.errno(): Errno = when (this) {
    is NoSuchFileException -> Errno.ENOENT
    is AccessDeniedException -> Errno.EACCES
    is FileAlreadyExistsException -> Errno.EEXIST
    is NotDirectoryException -> Errno.ENOTDIR
    else -> Errno.ofText(reason)
}
