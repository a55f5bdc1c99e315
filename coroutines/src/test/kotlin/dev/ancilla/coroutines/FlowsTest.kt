package dev.ancilla.coroutines

import dev.ancilla.Message
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import io.kotest.matchers.types.shouldBeInstanceOf
import kotlinx.coroutines.CoroutineName
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.channels.ClosedReceiveChannelException
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.io.Buffer
import kotlinx.io.bytestring.encodeToByteString
import kotlinx.io.readByteArray
import kotlinx.io.readString
import java.util.concurrent.CompletableFuture
import java.util.concurrent.TimeUnit
import kotlin.random.Random
import kotlin.time.Duration.Companion.microseconds
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

class FlowsTest :
    FunSpec({
        timeout = 60_000

        test("a flow hands over what arrives, in order, and ends with the socket") {
            withPair { receiver, sender ->
                coroutineScope {
                    val texts =
                        async {
                            receiver
                                .incoming()
                                .map { it.text() }
                                .onEach {
                                    if (it ==
                                        "99"
                                    ) {
                                        receiver.close()
                                    }
                                }.toList()
                        }
                    repeat(100) { sender.send("$it") }
                    withTimeout(10.seconds) { texts.await() } shouldContainExactly (0..99).map { "$it" }
                }
            }
        }

        test("a flow takes from the socket no more than its collector asked for") {
            withPair { receiver, sender ->
                repeat(10) { sender.send("$it") }
                receiver.incoming().map { it.text() }.take(3).toList() shouldContainExactly
                    listOf("0", "1", "2")
                receiver.receive().use { it.text() } shouldBe "3"
            }
        }

        test("a collector cancelled at random moments loses nothing") {
            withPair { receiver, sender ->
                val sent = 20_000
                val seen = mutableListOf<Int>()
                coroutineScope {
                    val sending =
                        launch(Dispatchers.Default) {
                            for (n in 0 until sent) {
                                // UDP loses what the receiver's buffer cannot hold, so not more than that at a time.
                                while (n - synchronized(seen) { seen.size } > 50) kotlinx.coroutines.yield()
                                sender.send("$n")
                            }
                        }
                    while (synchronized(seen) { seen.size } < sent) {
                        withContext(Dispatchers.Default) {
                            withTimeoutOrNull(Random.nextInt(1, 300).microseconds) {
                                receiver.incoming().collect { message ->
                                    synchronized(seen) { seen += message.text().toInt() }
                                }
                            }
                        }
                    }
                    sending.join()
                }
                seen shouldContainExactly (0 until sent).toList()
            }
        }

        test("a batch is what is there, and waits for the first only") {
            withPair { receiver, sender ->
                repeat(10) { sender.send("$it") }
                receiver.receiveBatch(4).map { it.text() } shouldContainExactly listOf("0", "1", "2", "3")
                receiver.receiveBatch().map { it.text() } shouldContainExactly (4..9).map { "$it" }
                withTimeoutOrNull(50.milliseconds) { receiver.receiveBatch() } shouldBe null
                sender.sendAll(listOf(Message.of("a"), Message.of("b")))
                receiver.receiveBatch().map { it.text() } shouldContainExactly listOf("a", "b")
                shouldThrow<IllegalArgumentException> { receiver.receiveBatch(0) }
            }
        }

        test("payloads of kotlinx-io arrive as they are, and a buffer is consumed when it was sent") {
            withPair { receiver, sender ->
                sender.send("string".encodeToByteString())
                receiver.receive().use { it.byteString() shouldBe "string".encodeToByteString() }

                val small = Buffer().apply { write("small".encodeToByteArray()) }
                sender.send(small)
                small.size shouldBe 0
                receiver.receive().use { it.text() shouldBe "small" }

                val bytes = Random.nextBytes(30_000)
                val segmented = Buffer().apply { write(bytes) }
                sender.send(segmented)
                segmented.size shouldBe 0
                val back = Buffer()
                receiver.receive().use { it.copyTo(back) }
                back.readByteArray() shouldBe bytes

                val source: kotlinx.io.Source = Buffer().apply { write("source".encodeToByteArray()) }
                sender.send(source)
                receiver.receive().use { Buffer().apply { it.copyTo(this) }.readString() shouldBe "source" }
            }
        }

        test("a buffer that could not be sent keeps its bytes") {
            udp().use { socket ->
                val buffer = Buffer().apply { write("kept".encodeToByteArray()) }
                shouldThrow<dev.ancilla.SocketOpException> { socket.send(buffer) }
                buffer.readString() shouldBe "kept"
            }
        }

        test(
            "on the loop's dispatcher a coroutine stays on the loop's thread, and blocking it is told by name",
        ) {
            udp().use { socket ->
                val told = CompletableFuture<LoopBlocked>()
                socket.eventLoop().watchdog(50.milliseconds, told::complete).use {
                    withContext(socket.eventLoop().asCoroutineDispatcher() + CoroutineName("culprit")) {
                        socket.eventLoop().inLoop() shouldBe true
                        withTimeoutOrNull(20.milliseconds) { socket.receive() } shouldBe null
                        socket.eventLoop().inLoop() shouldBe true
                        blockUntil(told)
                    }
                }
                told.get(10, TimeUnit.SECONDS).stackTrace.any { it.methodName == "blockUntil" } shouldBe true
            }
        }

        test("a flood on the loop does not keep a second socket's coroutine from running") {
            withPair { flooded, flooder ->
                udp().use { quiet ->
                    val loop = flooded.eventLoop().asCoroutineDispatcher()
                    coroutineScope {
                        val drain = launch(loop) { flooded.incoming().collect { } }
                        val flood = launch(Dispatchers.Default) { while (true) flooder.send("flood") }
                        withContext(loop) {
                            repeat(50) {
                                quiet.send("$it", quiet.localAddress())
                                withTimeout(10.seconds) {
                                    quiet.receive().use { m ->
                                        m.text() shouldBe "$it"
                                    }
                                }
                            }
                        }
                        flood.cancelAndJoin()
                        drain.cancelAndJoin()
                    }
                }
            }
        }
    })

/** What nobody should do on a loop. */
private fun blockUntil(told: CompletableFuture<LoopBlocked>) {
    told.get(10, TimeUnit.SECONDS)
}
