package dev.ancilla.examples

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldHaveSize
import io.kotest.matchers.shouldBe
import java.nio.file.Files
import java.nio.file.Path

/** What the README shows is what the build compiles, and here runs. */
class ReadmeTest :
    FunSpec({
        test("every snippet of the README stands in the source it names") {
            val snippets = snippetsOf("README.md")
            snippets shouldHaveSize 2
            snippets.forEach(Snippet::shouldStandInItsSource)
        }

        test("the Kotlin program passes a file") {
            printedBy { main() } shouldBe "read this: " + Files.readString(Path.of("/etc/hostname")) + "\n"
        }

        test("the Java program gets its answer") {
            printedBy { Echo.main(arrayOf()) } shouldBe "hello\n"
        }
    })
