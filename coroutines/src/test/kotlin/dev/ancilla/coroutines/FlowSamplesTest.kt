package dev.ancilla.coroutines

import dev.ancilla.coroutines.samples.answerOverChannel
import dev.ancilla.coroutines.samples.echoOnTheLoop
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeout
import kotlin.time.Duration.Companion.seconds

/** Runs the samples of the KDoc. The conversation needs Unix sockets and runs in the tests of the examples. */
class FlowSamplesTest :
    FunSpec({
        test("the echo on the loop answers each message with itself, and ends with the socket") {
            withPair { receiver, sender ->
                withTimeout(30.seconds) {
                    coroutineScope {
                        launch { echoOnTheLoop(receiver) }
                        repeat(100) {
                            sender.send("$it")
                            sender.receive().use { answer -> answer.text() shouldBe "$it" }
                        }
                        receiver.close()
                    }
                }
            }
        }

        test("answers go out over a channel, until the socket is closed") {
            withPair { receiver, sender ->
                withTimeout(30.seconds) {
                    coroutineScope {
                        launch { answerOverChannel(receiver) }
                        repeat(100) {
                            sender.send("$it")
                            sender.receive().use { answer -> answer.text() shouldBe "got $it" }
                        }
                        receiver.close()
                    }
                }
            }
        }
    })
