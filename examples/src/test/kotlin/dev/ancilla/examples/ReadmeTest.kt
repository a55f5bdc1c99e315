package dev.ancilla.examples

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldHaveSize
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import java.io.ByteArrayOutputStream
import java.io.PrintStream
import java.nio.file.Files
import java.nio.file.Path

private val root: Path = Path.of("").toAbsolutePath().parent

/** What the README shows is what the build compiles, and here runs. */
class ReadmeTest :
    FunSpec({
        test("every snippet of the README stands in the source it names") {
            val readme = Files.readString(root.resolve("README.md"))
            val snippets =
                Regex(
                    "<!-- (examples/\\S+) -->\n```\\w+\n(.*?)```",
                    RegexOption.DOT_MATCHES_ALL,
                ).findAll(readme).toList()

            snippets shouldHaveSize 2
            for (snippet in snippets) {
                val (source, code) = snippet.destructured
                Files.readString(root.resolve(source)) shouldContain code.trimEnd()
            }
        }

        test("the Kotlin program passes a file") {
            printedBy { main() } shouldBe "read this: " + Files.readString(Path.of("/etc/hostname")) + "\n"
        }

        test("the Java program gets its answer") {
            printedBy { Echo.main(arrayOf()) } shouldBe "hello\n"
        }
    })

private suspend fun printedBy(program: suspend () -> Unit): String {
    val out = System.out
    val printed = ByteArrayOutputStream()
    System.setOut(PrintStream(printed, true))
    try {
        program()
    } finally {
        System.setOut(out)
    }
    return printed.toString()
}
