package dev.ancilla.examples

import io.kotest.assertions.withClue
import io.kotest.matchers.shouldBe
import java.io.ByteArrayOutputStream
import java.io.PrintStream
import java.nio.file.Files
import java.nio.file.Path

internal val root: Path = Path.of("").toAbsolutePath().parent

/** One snippet of a page, and the source it names. */
internal class Snippet(
    val source: String,
    private val code: String,
) {
    /** On the page it is not indented; in the source it may be. */
    fun shouldStandInItsSource() {
        val text = Files.readString(root.resolve(source))
        withClue("this is not in $source:\n$code") { (0..24).any { indented(it) in text } shouldBe true }
    }

    private fun indented(by: Int) =
        code.lines().joinToString("\n") { if (it.isEmpty()) it else " ".repeat(by) + it }
}

/** The snippets of a page that name their source. */
internal fun snippetsOf(page: String): List<Snippet> {
    val text = Files.readString(root.resolve(page))
    return Regex("<!-- (examples/\\S+) -->\n```\\w+\n(.*?)```", RegexOption.DOT_MATCHES_ALL)
        .findAll(text)
        .map { Snippet(it.groupValues[1], it.groupValues[2].trimEnd()) }
        .toList()
}

/** What [program] prints; it can look at what there is so far. */
internal suspend fun printedBy(program: suspend (soFar: () -> String) -> Unit): String {
    val out = System.out
    val printed = ByteArrayOutputStream()
    System.setOut(PrintStream(printed, true, Charsets.UTF_8))
    try {
        program { printed.toString(Charsets.UTF_8) }
    } finally {
        System.setOut(out)
    }
    return printed.toString(Charsets.UTF_8)
}
