package dev.ancilla.junix

import dev.ancilla.Message
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.UnixDgramClient
import dev.ancilla.coroutines.answerEach
import dev.ancilla.coroutines.send
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

class AnswerPatienceTest :
    FunSpec({
        test("who does not read its answers cannot keep others from theirs") {
            Sockets.unixDgram().bind(UnixAddress.autobind()).use { server ->
                Sockets.unixDgram().bind(UnixAddress.autobind()).use { deaf ->
                    coroutineScope {
                        val serving =
                            launch {
                                server.answerEach(concurrency = 1, patience = 50.milliseconds) {
                                    Message.of("re: ${it.text()}")
                                }
                            }
                        // More answers than its queue holds, whatever the limit of the machine.
                        val queue =
                            java.io
                                .File(
                                    "/proc/sys/net/unix/max_dgram_qlen",
                                ).readText()
                                .trim()
                                .toInt()
                        repeat(queue + 5) { deaf.send("question $it", server.localAddress()) }

                        val client =
                            UnixDgramClient(
                                server.localAddress(),
                                { q: String -> Message.of(q) },
                                { it.text() },
                            )
                        client.use { it.ask("mine", timeout = 20.seconds) } shouldBe "re: mine"
                        serving.cancelAndJoin()
                    }
                }
            }
        }
    })
