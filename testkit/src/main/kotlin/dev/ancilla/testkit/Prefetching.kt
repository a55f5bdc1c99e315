package dev.ancilla.testkit

import dev.ancilla.Datagram
import dev.ancilla.DgramSocket
import dev.ancilla.Feature
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.ReceiveBatch
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.spi.Interest
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.collections.shouldContainExactlyInAnyOrder
import io.kotest.matchers.ints.shouldBeLessThanOrEqual
import io.kotest.matchers.shouldBe
import java.nio.ByteBuffer
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CountDownLatch
import kotlin.random.Random

/** As many as fit the queue of a Unix receiver on any Linux. */
private const val QUEUED = 10

/** The most that a socket may cost, messages taken ahead included. */
private const val KIB_A_SOCKET = 256

/**
 * A provider may take messages out of the kernel's queue before anybody asks for them. Nobody sees it:
 * they are the socket's as if they were still there.
 */
internal fun ContractSpec.prefetching() {
    scenario(
        "ten messages with twenty descriptors each arrive whole where few can be open",
        missing = ::withoutPrlimit,
    ) {
        val path = freshPath()
        val child = keep(Child.start("few", path.toString()))
        child.line() shouldBe "ready"
        val sender = keep(Sockets.unixDgram().connect(UnixAddress.path(path)))
        val file = fileWith("a")
        val lent = Array(20) { file }
        sender.send(Message.of("warm").with(*lent))
        child.line() shouldBe "20"
        repeat(10) { sender.trySend(Message.of("$it").with(*lent)) shouldBe true }

        child.say("go")

        repeat(10) { child.line() shouldBe "$it 20 false" }
        child.exit() shouldBe 0
    }

    inEveryStyle(
        "without prefetch the other messages stay for whoever shares the socket",
        missing = without(Feature.ADOPT),
    ) {
        val before = Census.take()
        val receiver = asking { prefetch(0) }
        val other = keep(Sockets.unixDgram().prefetch(0).adopt(duplicateOf(before)))
        val sender = connectedTo(receiver)
        repeat(8) { sender.send("$it") }
        val batch = keep(receiver.newReceiveBatch(2))

        receiver.receiveText() shouldBe "0"
        other.receiveText() shouldBe "1"
        receiver.tryReceive(batch) shouldBe 2
        batch.text(1) shouldBe "3"
        other.receiveText() shouldBe "4"
        receiver.tryReceive()!!.use { it.text() shouldBe "5" }
        other.receiveText() shouldBe "6"
        receiver.receiveText() shouldBe "7"
        other.tryReceive() shouldBe null
    }

    scenario("as many messages are taken ahead as the builder says, 0 to 64, in order") {
        for (wrong in listOf(Int.MIN_VALUE, -1, 65)) {
            shouldThrow<IllegalArgumentException> { Sockets.unixDgram().prefetch(wrong) }
        }
        for (most in listOf(0, 1, 3, 64)) {
            val receiver = asking { prefetch(most).maxDescriptors(1) }
            val sender = connectedTo(receiver)
            val file = fileWith("$most")
            repeat(QUEUED) {
                sender.send(
                    if (it % 2 ==
                        0
                    ) {
                        Message.of("$it")
                    } else {
                        Message.of("$it").with(file)
                    },
                )
            }
            repeat(QUEUED) {
                receiver.receive().use { datagram ->
                    datagram.text() shouldBe "$it"
                    datagram.readDescriptors() shouldBe if (it % 2 == 0) listOf() else listOf("$most")
                }
            }
            receiver.tryReceive() shouldBe null
        }
    }

    scenario(
        "closing a socket closes the descriptors of the messages that nobody received, taken ahead or not",
    ) {
        val receiver = receiverOf(1)
        val pipe = keep(OwnedFd.pipe())
        val sender = connectedTo(receiver)
        repeat(QUEUED) { sender.send(Message.of("unread").with(pipe.writer())) }
        pipe.writer().close()
        receiver.receive().close()

        receiver.close()

        // The end of the pipe is read once its last writer is closed.
        pipe.reader().channel().read(ByteBuffer.allocate(1)) shouldBe -1
    }

    scenario("who is armed is woken as long as a message is there, taken ahead or not") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        repeat(QUEUED) { sender.send("$it") }
        repeat(QUEUED) {
            val woken = CompletableFuture<Boolean>()
            receiver.readiness().arm(Interest.READ) { woken.complete(receiver.readiness().likelyEmpty()) }
            woken.join("a wake") shouldBe false
            receiver.tryReceive()!!.use { datagram -> datagram.text() shouldBe "$it" }
        }
        val late = CompletableFuture<Unit>()
        receiver.readiness().arm(Interest.READ) { late.complete(Unit) }.cancel()
        sender.send("after")
        receiver.receiveText() shouldBe "after"
    }

    scenario("all that wait share what came at once, each message once, and none is left waiting") {
        val loop = newEventLoop("prefetching")
        val receiver = bound(Wish(loop = loop))
        val sender = connectedTo(receiver)
        repeat(30) { round ->
            // What is sent meanwhile comes at once, for the loop at least.
            val gate = CountDownLatch(1)
            loop.execute { gate.await() }
            val batches = Style.batching.map { receiver.newReceiveBatch(1) }
            val calls = waiters(receiver, batches)
            val sent = List(calls.size) { "$round.$it" }
            sent.take(QUEUED).forEach { sender.send(it) }
            gate.countDown()
            sent.drop(QUEUED).forEach { sender.send(it) }

            calls.map { it.await() }.shouldContainExactlyInAnyOrder(sent)
            batches.forEach { it.close() }
        }
        receiver.tryReceive() shouldBe null
    }

    scenario("who gives up passes on what came at once, and no other waits in vain") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        repeat(100) { round ->
            val batches = Style.batching.map { receiver.newReceiveBatch(1) }
            val calls = waiters(receiver, batches).shuffled()
            val sent = List(calls.size) { "$round.$it" }
            val sending = Async.send(sender, Message.of(sent[0]))
            val quitters = calls.take(calls.size / 2)
            val sends = sent.drop(1).map { Async.send(sender, Message.of(it)) }
            repeat(Random.nextInt(5_000)) { Thread.onSpinWait() }
            quitters.forEach(TextCall::cancel)

            val got =
                calls.drop(quitters.size).map { it.await() } + quitters.mapNotNull { it.result().getOrNull() }
            sending.await()
            val rest = List(sent.size - got.size) { receiver.receiveText() }
            sends.forEach(Call<Unit>::await)
            (got + rest).shouldContainExactlyInAnyOrder(sent)
            batches.forEach { it.close() }
        }
        receiver.tryReceive() shouldBe null
    }

    inEveryStyle("a socket that is connected anew has none of the messages that came before") {
        val old = bound()
        val new = bound()
        val receiver = connectedTo(old).also { it.bind(subject.freshAddress(directory)) }
        repeat(5) { old.send("old", receiver.localAddress()) }
        receiver.receiveText() shouldBe "old"

        receiver.connect(new.localAddress())

        receiver.tryReceive()?.use { it.text() } shouldBe null
        new.send("new", receiver.localAddress())
        receiver.receiveText() shouldBe "new"

        if (Feature.DISCONNECT in features) {
            repeat(5) { new.send("before", receiver.localAddress()) }
            receiver.receiveText() shouldBe "before"
            receiver.disconnect()
            receiver.tryReceive()?.use { it.text() } shouldBe null
            old.send("after", receiver.localAddress())
            receiver.receiveText() shouldBe "after"
        }
    }

    scenario("a socket that is connected to its peer again keeps the messages that came before") {
        val peer = bound()
        val receiver = connectedTo(peer).also { it.bind(subject.freshAddress(directory)) }
        repeat(5) { peer.send("$it", receiver.localAddress()) }
        receiver.receiveText() shouldBe "0"

        receiver.connect(peer.localAddress())

        List(4) { receiver.receiveText() }.shouldContainExactly("1", "2", "3", "4")
    }

    scenario("a socket that connects for the first time keeps the messages that came before") {
        val peer = bound()
        val receiver = bound()
        repeat(5) { peer.send("$it", receiver.localAddress()) }
        receiver.receiveText() shouldBe "0"

        receiver.connect(peer.localAddress())

        List(4) { receiver.receiveText() }.shouldContainExactly("1", "2", "3", "4")
    }

    scenario("1,000 open sockets that have received cost at most 256 KiB each") {
        val child = keep(Child.start("many", directory.toString(), "1000", options = listOf("-Xmx256m")))
        child.line().toInt() shouldBeLessThanOrEqual KIB_A_SOCKET
        child.exit() shouldBe 0
    }

    scenario("one listener, then another, then a call get the messages that came at once, in order") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        repeat(3) { round ->
            repeat(QUEUED) { sender.send("$round.$it") }
            val got = ArrayList<String>()
            repeat(2) { got += Listening.receive(receiver).await().use(Datagram::text) }
            while (got.size < QUEUED) got += receiver.receiveText()
            got.shouldContainExactly(List(QUEUED) { "$round.$it" })
        }
    }
}

/** A call that waits for one message, of whatever kind. */
private class TextCall(private val call: Call<*>, private val text: (Any?) -> String) {
    fun cancel() = call.cancel()

    fun await(): String = text(call.await())

    fun result(): Result<String> = call.result().map(text)
}

/** One receiver in each style that has some, and one with each of the [batches]. */
private fun waiters(receiver: DgramSocket, batches: List<ReceiveBatch>): List<TextCall> =
    Style.all.map { style ->
        TextCall(style.receive(receiver)) { received -> (received as Datagram).use { it.text() } }
    } +
        Style.batching.zip(batches) { style, batch ->
            TextCall(style.receiveBatch(receiver, batch)) { batch.text(0) }
        }

private fun withoutPrlimit(): String? = "prlimit(1) is not here"
    .takeUnless { runCatching { Forked.run(listOf("prlimit", "--version")) == 0 }.getOrDefault(false) }
