package dev.ancilla.testkit

import dev.ancilla.DgramSocket
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.UnixDgramSocket
import dev.ancilla.coroutines.ChannelOverflowException
import dev.ancilla.coroutines.DgramChannel
import dev.ancilla.coroutines.Overflow
import dev.ancilla.coroutines.channel
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.ints.shouldBeLessThan
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.Job
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.job
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch
import java.nio.ByteBuffer
import java.util.concurrent.ConcurrentLinkedQueue
import kotlin.random.Random
import kotlin.time.Duration.Companion.milliseconds
import dev.ancilla.coroutines.send as sendSuspending

/** Messages in channels, with and without room. */
@OptIn(ExperimentalCoroutinesApi::class)
internal fun ContractSpec.channels() {
    for (overflow in listOf(Overflow.SUSPEND, Overflow.DROP_OLDEST, Overflow.DROP_LATEST)) {
        scenario("$overflow: what was sent is what was received and what the counter says was dropped") {
            val counted = Counted(this)
            playing {
                val channel = counted.receiver.channel(this, capacity = 4, overflow = overflow)
                val taking =
                    launch {
                        for (datagram in channel.incoming) {
                            counted.received += datagram.use { it.text().toInt() }
                            if (Random.nextInt(4) == 0) delay(1.milliseconds)
                        }
                    }
                counted.send(SENT)
                until("all are accounted for") {
                    counted.received.size + channel.droppedCount == SENT.toLong()
                }
                counted.expectAllDescriptorsClosed()
                channel.close()
                taking.join()

                if (overflow == Overflow.SUSPEND) channel.droppedCount shouldBe 0
                counted.received.size + channel.droppedCount shouldBe SENT
            }
            counted.received.toList().shouldContainExactly(counted.received.distinct().sorted())
            counted.receiver.tryReceive() shouldBe null
        }
    }

    scenario("DROP_OLDEST keeps the last and DROP_LATEST the first, and the others are closed") {
        for ((overflow, kept) in mapOf(Overflow.DROP_OLDEST to 16..19, Overflow.DROP_LATEST to 0..3)) {
            withClue(overflow) {
                val counted = Counted(this)
                playing {
                    val channel = counted.receiver.channel(this, capacity = 4, overflow = overflow)
                    counted.send(20)
                    until("16 are dropped") { channel.droppedCount == 16L }
                    for (number in kept) channel.incoming.receive().use { it.text() shouldBe "$number" }
                    counted.expectAllDescriptorsClosed()
                    channel.close()
                }
            }
        }
    }

    scenario("FAIL ends the channel at the first message too many, and leaves the others to the socket") {
        val counted = Counted(this)
        playing {
            val channel = counted.receiver.channel(this, capacity = 4, overflow = Overflow.FAIL)
            counted.send(5)
            until("one is dropped") { channel.droppedCount == 1L }
            counted.send(3)
            repeat(4) { number -> channel.incoming.receive().use { it.text() shouldBe "$number" } }
            shouldThrow<ChannelOverflowException> { channel.incoming.receive() }
            channel.droppedCount shouldBe 1
            channel.close()
        }
        repeat(3) { number -> counted.receiver.receive().use { it.text() shouldBe "$number" } }
        counted.expectAllDescriptorsClosed()
    }

    scenario("a channel whose receiver left takes no message from the socket any more") {
        val counted = Counted(this)
        playing {
            val channel = counted.receiver.channel(this)
            channel.incoming.cancel()
            counted.send(2)
            Thread.sleep(WATCHING_MILLIS)
            channel.close()
        }
        repeat(2) { number -> counted.receiver.receive().use { it.text() shouldBe "$number" } }
        counted.expectAllDescriptorsClosed()
    }

    scenario("messages that nobody received are closed with the channel, and the socket stays") {
        for (ending in endings) {
            val counted = Counted(this)
            val scope = CoroutineScope(Dispatchers.Default + Job())
            val channel = counted.receiver.channel(scope, capacity = 4)
            playing {
                counted.send(6)
                until("some wait in the channel") { !channel.incoming.isEmpty }
                ending(channel, scope)
                scope.coroutineContext.job.children.forEach { it.join() }
            }
            until("the kernel has no more") { counted.receiver.tryReceive()?.close() == null }
            counted.expectAllDescriptorsClosed()
            counted.receiver.isOpen shouldBe true
        }
    }
}

/** The ways out of a channel. */
private val endings: List<suspend (DgramChannel, CoroutineScope) -> Unit> =
    listOf(
        { channel, _ -> channel.close() },
        { _, scope ->
            scope.coroutineContext.job.cancelAndJoin()
        },
        { channel, _ ->
            channel.incoming.cancel()
            channel.outgoing.close()
        },
    )

/** Few enough for the receive buffer of a UDP socket. */
private const val SENT = 200

/** Numbered messages to one receiver, where possible with a descriptor that tells when all its copies are closed. */
private class Counted(scene: Scene) {
    val receiver: DgramSocket = if (scene.subject.isUnix) scene.receiverOf(1) else scene.bound()
    val received = ConcurrentLinkedQueue<Int>()
    private val sender = scene.connectedTo(receiver)
    private val pipe: OwnedFd.Pipe? = if (scene.subject.isUnix) scene.keep(OwnedFd.pipe()) else null

    suspend fun send(count: Int) = repeat(count) {
        val message = Message.of("$it")
        sender.sendSuspending(if (pipe == null) message else message.with(pipe.writer()))
    }

    /** The end of the pipe is read once the last copy of its writer is closed. */
    fun expectAllDescriptorsClosed() {
        if (pipe == null) return
        pipe.writer().close()
        pipe.reader().channel().read(ByteBuffer.allocate(1)) shouldBe -1
    }
}

/** Channels to Unix receivers that are full. */
internal fun ContractSpec.outgoing() {
    for (connected in listOf(true, false)) {
        val how = if (connected) "connected" else "unconnected"

        for ((way, sendAll) in waysOut) {
            scenario("300 messages ($way) to a full target are in order, and another is not held up, $how") {
                val slow = bound()
                val free = bound()
                val socket = if (connected) connectedTo(slow) else open()
                val sender = Counting(socket as UnixDgramSocket)
                val target = slow.localAddress().takeUnless { connected }
                val full = sender.fill(target)
                playing {
                    val over = Job()
                    val late = List(300) { Message.of("$it").to(target) }
                    val sending = launch { sender.sendAll(late, over) }
                    until("it waits") { sender.queuedSends() == 1 }
                    val atOnce = List(50) { Message.of("$it").to(free.localAddress()) }
                    val aside = launch { sender.sendAll(atOnce, over) }
                    repeat(50) { free.receiveText() shouldBe "$it" }
                    until("only the first waits") { sender.queuedSends() == 1 }
                    sending.isActive shouldBe true

                    repeat(full) { slow.receiveText() shouldBe "fill" }
                    repeat(300) {
                        if (it % 50 == 0) delay(5.milliseconds)
                        slow.receiveText() shouldBe "$it"
                    }
                    over.complete()
                    joinAll(sending, aside)
                }
                slow.tryReceive() shouldBe null
                // One for each message, and one after each wake.
                sender.attempts.get() shouldBeLessThan 3 * 350
            }
        }
    }

    scenario("a cancelled scope whose sends wait leaves no wait and no descriptor") {
        val receiver = receiverOf(1)
        val sender = open()
        val target = receiver.localAddress()
        val full = sender.fill(target)
        val file = fileWith("a")
        startLoopOf(sender)
        val before = Census.take()
        val scope = CoroutineScope(Dispatchers.Default + Job())
        playing {
            val channel = sender.channel(scope, capacity = 2)
            repeat(3) { channel.outgoing.send(Message.of("never").to(target).with(file)) }
            until("one waits") { sender.queuedSends() == 1 }
            scope.coroutineContext.job.cancelAndJoin()
        }
        sender.queuedSends() shouldBe 0
        before.expectUnchanged()

        repeat(full) { receiver.receiveText() shouldBe "fill" }
        receiver.tryReceive() shouldBe null
        sender.send("usable", target)
        receiver.receiveText() shouldBe "usable"
    }
}

/** The ways to send many messages; a channel is kept until it is [over][Job]. */
private val waysOut: Map<String, suspend DgramSocket.(List<Message>, Job) -> Unit> =
    mapOf(
        "suspending sends" to { messages, _ -> messages.forEach { sendSuspending(it) } },
        "outgoing channel" to { messages, over ->
            coroutineScope {
                val channel = channel(this, capacity = 16)
                messages.forEach { channel.outgoing.send(it) }
                over.join()
                channel.close()
            }
        },
    )
