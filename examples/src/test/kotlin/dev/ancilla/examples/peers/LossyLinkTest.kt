package dev.ancilla.examples.peers

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.ints.shouldBeGreaterThan
import io.kotest.matchers.shouldBe

/** What UDP promises and what not, over a link that loses each tenth packet, doubles one and reorders two. */
internal class LossyLinkTest : FunSpec({
    test("what a link loses, doubles and reorders arrives so, and each message whole")
        .config(enabledOrReasonIf = { LossyLink.needed }) {
            LossyLink.program("stream").use { stream ->
                stream.status() shouldBe 0
                val came = stream.out.lines().filter(String::isNotEmpty).map(String::toInt)
                val expected =
                    (0 until 100).flatMap { ten ->
                        listOf(1, 2, 4, 5, 5, 6, 8, 7, 9, 10).map { ten * 10 + it }
                    }
                came shouldBe expected
            }
        }

    test("who asks again until there is an answer gets each of them")
        .config(enabledOrReasonIf = { LossyLink.needed }) {
            LossyLink.program("ask").use { ask ->
                ask.status() shouldBe 0
                val (answered, asked) = Regex("\\d+").findAll(ask.out).map { it.value.toInt() }.toList()
                answered shouldBe 100
                asked shouldBeGreaterThan 100
            }
        }
})
