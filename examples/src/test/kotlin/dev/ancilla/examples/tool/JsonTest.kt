package dev.ancilla.examples.tool

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe

class JsonTest : FunSpec({
    test("whatever a sender sends stays inside its string") {
        json("a\"b\\c\n\r\t\u0000\u001b\u0085\u2028é😀") shouldBe
            "\"a\\\"b\\\\c\\n\\r\\t\\u0000\\u001b\\u0085\\u2028é😀\""
    }

    test("maps keep their order, and lists and nothing are as JSON has them") {
        json(
            linkedMapOf("b" to listOf(1, 2L), "a" to null, "c" to true, "d" to emptyMap<String, Any>()),
        ) shouldBe
            """{"b":[1,2],"a":null,"c":true,"d":{}}"""
    }
})
