package dev.ancilla.engine

import dev.ancilla.Errno
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe

class InheritanceTest :
    FunSpec({
        fun names(vararg environment: Pair<String, String>) = Inheritance.names(environment.toMap(), 7)

        test("the environment says how many descriptors there are, and what they are called") {
            names("LISTEN_PID" to "7", "LISTEN_FDS" to "2") shouldBe listOf("unknown", "unknown")
            names("LISTEN_PID" to "7", "LISTEN_FDS" to "2", "LISTEN_FDNAMES" to "a:b") shouldBe
                listOf("a", "b")
            names("LISTEN_PID" to "7", "LISTEN_FDS" to "3", "LISTEN_FDNAMES" to ":b:") shouldBe
                listOf("", "b", "")
            names("LISTEN_PID" to "7", "LISTEN_FDS" to "0", "LISTEN_FDNAMES" to "") shouldBe emptyList()
        }

        test("an environment that means nobody, or another process, leaves nothing") {
            names() shouldBe emptyList()
            names("LISTEN_FDS" to "2") shouldBe emptyList()
            names("LISTEN_PID" to "7") shouldBe emptyList()
            names("LISTEN_PID" to "8", "LISTEN_FDS" to "2") shouldBe emptyList()
            names("LISTEN_PID" to "8", "LISTEN_FDS" to "two") shouldBe emptyList()
            Sockets.inherited() shouldBe emptyList()
        }

        test("a variable that is not as it should be is named, with its value") {
            val wrong =
                listOf(
                    listOf("LISTEN_PID" to "me", "LISTEN_FDS" to "2") to "LISTEN_PID is \"me\": not a number",
                    listOf("LISTEN_PID" to "7", "LISTEN_FDS" to "") to "LISTEN_FDS is \"\": not a number",
                    listOf("LISTEN_PID" to "7", "LISTEN_FDS" to "-1") to
                        "LISTEN_FDS is \"-1\": not within 0..2147483644",
                    listOf("LISTEN_PID" to "7", "LISTEN_FDS" to "2147483645") to
                        "LISTEN_FDS is \"2147483645\": not within 0..2147483644",
                    listOf("LISTEN_PID" to "7", "LISTEN_FDS" to "2", "LISTEN_FDNAMES" to "a") to
                        "LISTEN_FDNAMES is \"a\": 1 names for LISTEN_FDS=2",
                )
            for ((environment, text) in wrong) {
                withClue(environment) {
                    val failure = shouldThrow<SocketOpException> { names(*environment.toTypedArray()) }
                    failure.errno() shouldBe Errno.EINVAL
                    failure.message shouldBe "inherited EINVAL: $text"
                }
            }
        }
    })
