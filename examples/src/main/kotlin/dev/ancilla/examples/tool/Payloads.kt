package dev.ancilla.examples.tool

import com.github.ajalt.clikt.core.UsageError
import dev.ancilla.Errno
import java.io.BufferedInputStream
import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.InputStream
import java.nio.file.FileSystemException
import java.nio.file.Files
import java.nio.file.Path

/**
 * The list of messages that the command line names: words, a file, the lines of standard input, or an
 * empty one. Input can be read once, so what was read is kept if it is to be sent [again]. A line is a
 * message without its line end, or with it where [lineEnds] are all that parts it from the next.
 */
internal class Payloads(
    private val words: List<String>,
    private val file: Path?,
    private val stdin: Boolean,
    private val empty: Boolean,
    private val again: Boolean,
    private val lineEnds: Boolean = false,
) {
    private var lines: MutableList<ByteArray>? = null
    private val content by lazy { readFile(checkNotNull(file)) }

    init {
        val given = listOf(words.isNotEmpty(), file != null, stdin, empty).count { it }
        if (given != 1) throw UsageError("give MESSAGEs, --file, --stdin or --empty, one of these")
    }

    /** Whether the first has no byte. */
    val startsEmpty: Boolean
        get() =
            when {
                file != null -> content.isEmpty()
                stdin -> false
                else -> empty || words.first().isEmpty()
            }

    suspend fun forEach(take: suspend (Int, ByteArray) -> Unit) {
        when {
            file != null -> take(0, content)
            empty -> take(0, ByteArray(0))
            stdin -> forEachLine(take)
            else -> words.forEachIndexed { index, word -> take(index, word.encodeToByteArray()) }
        }
    }

    private fun readFile(file: Path): ByteArray = try {
        if (Files.isDirectory(file)) throw refused("read", Errno.EISDIR, "$file")
        Files.readAllBytes(file)
    } catch (e: FileSystemException) {
        throw e // It names the file itself.
    } catch (e: IOException) {
        val reason = e.message.orEmpty()
        throw refused("read", Errno.ofText(reason), "$file", reason)
    }

    private suspend fun forEachLine(take: suspend (Int, ByteArray) -> Unit) {
        val known = lines
        if (known != null) return known.forEachIndexed { index, line -> take(index, line) }
        if (again) lines = mutableListOf()
        val input = BufferedInputStream(System.`in`)
        generateSequence { input.readLineBytes() }.forEachIndexed { index, line ->
            lines?.add(line)
            take(index, line)
        }
    }

    /** A line is bytes, in whatever encoding. */
    private fun InputStream.readLineBytes(): ByteArray? {
        val line = ByteArrayOutputStream()
        while (true) {
            when (val next = read()) {
                -1 -> return line.toByteArray().takeIf { it.isNotEmpty() }
                '\n'.code -> return line.apply { if (lineEnds) write(next) }.toByteArray()
                else -> line.write(next)
            }
        }
    }
}
