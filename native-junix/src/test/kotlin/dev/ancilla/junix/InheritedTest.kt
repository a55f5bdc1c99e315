package dev.ancilla.junix

import dev.ancilla.Feature
import dev.ancilla.Sockets
import dev.ancilla.UnsupportedFeatureException
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe

class InheritedTest :
    FunSpec({
        test("what a supervisor has left to this process is refused by the feature's name") {
            val become = "LISTEN_PID=\$\$ LISTEN_FDS=1 exec \"\$0\" \"\$@\" 3</dev/null"
            val run = runMain(InheritedMain::class.java.name, prefix = listOf("sh", "-c", become))
            withOutput(run) { run.lines.last { it.isNotEmpty() } shouldBe "INHERITANCE of native-junix" }
        }

        test("becoming another program is refused by the feature's name") {
            val refused =
                shouldThrow<UnsupportedFeatureException> { Sockets.exec(listOf("true"), emptyMap()) }
            refused.feature() shouldBe Feature.INHERITANCE
        }
    })

internal object InheritedMain {
    @JvmStatic
    fun main(arguments: Array<String>) {
        try {
            println("it has ${Sockets.inherited()}")
        } catch (e: UnsupportedFeatureException) {
            println("${e.feature()} of ${e.provider()}")
        }
    }
}
