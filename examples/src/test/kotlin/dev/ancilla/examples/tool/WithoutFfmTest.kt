package dev.ancilla.examples.tool

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldMatch

/** What is told where no provider has the kind of socket, or the feature. */
class WithoutFfmTest : FunSpec({
    test("sequenced packets are refused with one line that says who would have them") {
        for (command in listOf(listOf("recv"), listOf("echo"))) {
            val ended = Program.runWithoutFfm(*command.toTypedArray(), "unix-seqpacket:/tmp/never.sock")
            ended.status shouldBe 3
            ended.err shouldMatch
                """ancilla: listen .*UNIX_SEQPACKET: no provider offers UNIX_SEQPACKET here; .*\n"""
            ended.err shouldContain "native-junix (available)"
        }
        val ended = Program.runWithoutFfm("send", "unix-seqpacket:/tmp/never.sock", "x")
        ended.status shouldBe 3
        ended.err shouldMatch """ancilla: open UNIX_SEQPACKET: no provider offers .*\n"""
    }
})
