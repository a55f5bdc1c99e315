package dev.ancilla.examples.tool

import dev.ancilla.Sockets
import dev.ancilla.examples.demo.DemoStream
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldHaveSize
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldEndWith

class DemoTest : FunSpec({
    test("the demo sees every step, in two processes, and names its provider") {
        Program.tool("demo").use { demo ->
            val status = demo.status()
            withClue(demo) { status shouldBe 0 }
            demo.out shouldContain "provider ${Sockets.unixDgram().open().use { it.provider() }}"
            Regex("(?:client|server) \\d+").findAll(demo.out).map { it.value }.toSet() shouldHaveSize 2
            demo.out shouldContain "which waits"
            demo.out shouldContain "through descriptor"
            demo.out shouldContain "provider ${Sockets.udp().open().use { it.provider() }}"
            demo.out shouldContain "hears \"hello, all\" in the group"
            if (DemoStream.missing() == null) {
                demo.out shouldContain "reads \"45abcd\" with [left, right]"
                demo.out shouldContain "reads the end of the stream"
            }
            Regex("(\\d+) descriptors open before, \\1 after").findAll(demo.out).toList() shouldHaveSize 2
            demo.out shouldEndWith "Every step was seen.\n"
        }
    }

    test("the providers are listed with their features, as a table and as JSON") {
        val table = Program.run("providers")
        table.status shouldBe 0
        for (told in listOf("native-junix", "jdk", "unix-dgram", "udp", "FD_PASSING", "ABSTRACT_NAMES")) {
            table.out shouldContain told
        }
        val json = Program.run("providers", "--format", "json")
        json.status shouldBe 0
        json.out shouldContain """{"name":"native-junix","available":true,"unavailable":null,"""
        json.out shouldContain """"features":{"unix-dgram":["FD_PASSING","""
        json.out shouldContain """{"name":"jdk","available":true"""
    }
})

private fun withClue(demo: Program, check: () -> Unit) =
    io.kotest.assertions.withClue({ "it wrote:\n${demo.out}${demo.err}" }, check)
