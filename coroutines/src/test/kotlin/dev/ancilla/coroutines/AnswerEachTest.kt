package dev.ancilla.coroutines

import dev.ancilla.Message
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeout
import kotlin.time.Duration.Companion.seconds

class AnswerEachTest :
    FunSpec({
        test("closing the socket ends the call without an error, also while an answer is being made") {
            withPair { server, asker ->
                val asked = CompletableDeferred<Unit>()
                val closed = CompletableDeferred<Unit>()
                withTimeout(10.seconds) {
                    coroutineScope {
                        launch {
                            server.answerEach {
                                asked.complete(Unit)
                                closed.await()
                                Message.of("too late")
                            }
                        }
                        asker.send("question")
                        asked.await()
                        server.close()
                        closed.complete(Unit)
                    }
                }
                server.isOpen shouldBe false
            }
        }
    })
