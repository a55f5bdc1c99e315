package dev.ancilla.examples.guide

import dev.ancilla.examples.Snippet
import dev.ancilla.examples.root
import dev.ancilla.examples.snippetsOf
import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldHaveSize
import io.kotest.matchers.shouldBe
import java.nio.file.Files

/** What the guides show is what the build compiles; KotlinGuideTest and JavaGuideTest run it. */
class GuideTest : FunSpec({
    for (page in listOf("docs/guide-kotlin.md", "docs/guide-java.md", "docs/udp.md")) {
        val text = Files.readString(root.resolve(page))

        test("every snippet of $page stands in the source it names") {
            val snippets = snippetsOf(page)
            snippets shouldHaveSize Regex("^```\\w", RegexOption.MULTILINE).findAll(text).count()
            snippets.forEach(Snippet::shouldStandInItsSource)
        }

        test("every link of $page leads somewhere") {
            for (link in Regex("]\\(([^)#]+)").findAll(text).map { it.groupValues[1] }) {
                withClue(link) { Files.exists(root.resolve("docs").resolve(link)) shouldBe true }
            }
        }
    }

    test("the conversation that KotlinGuideTest runs is the sample of the KDoc, word for word") {
        val samples = "coroutines/src/test/kotlin/dev/ancilla/coroutines/samples/FlowSamples.kt"
        val copy = "examples/src/test/kotlin/dev/ancilla/examples/guide/AskAndAnswer.kt"

        fun conversation(file: String) =
            Files.readString(root.resolve(file)).let { it.substring(it.indexOf("suspend fun askAndAnswer")) }
        conversation(copy) shouldBe conversation(samples)
    }
})
