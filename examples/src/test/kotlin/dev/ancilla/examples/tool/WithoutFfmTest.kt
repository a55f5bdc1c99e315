package dev.ancilla.examples.tool

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldMatch
import java.nio.file.Files
import java.nio.file.Path

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

    test("exec is refused with one line that names the feature") {
        for (address in listOf("unix:/tmp/never.sock", "unix-stream:/tmp/never.sock", "udp:127.0.0.1:0")) {
            val ended = Program.runWithoutFfm("exec", "--listen", address, "--", "true")
            ended.status shouldBe 3
            ended.err shouldMatch
                """ancilla: .* needs INHERITANCE, which provider .* lacks here; it is in ancilla-native-ffm\n"""
        }
        Files.exists(Path.of("/tmp/never.sock")) shouldBe false
    }
})
