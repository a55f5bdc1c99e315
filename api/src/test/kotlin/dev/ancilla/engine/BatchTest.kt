package dev.ancilla.engine

import dev.ancilla.Errno
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.ReceiveBatch
import dev.ancilla.SocketOpException
import dev.ancilla.UnixAddress
import dev.ancilla.scripted.Logged
import dev.ancilla.scripted.ScriptedFd
import dev.ancilla.scripted.ScriptedTransport
import dev.ancilla.scripted.await
import dev.ancilla.scripted.socketOver
import dev.ancilla.scripted.waitFor
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import io.kotest.matchers.types.shouldBeInstanceOf
import java.util.concurrent.CompletableFuture
import java.util.concurrent.ExecutionException
import kotlin.concurrent.thread

/** What a batch keeps and lets go when its transport misbehaves; the contract of providers has the rest. */
class BatchTest : FunSpec({
    val bob = UnixAddress.abstractName("bob")

    fun text(batch: ReceiveBatch, index: Int) = Charsets.UTF_8.decode(batch.payload(index)).toString()

    for (failure in listOf(SocketOpException("send", Errno.EIO, null, null, bob), IllegalStateException())) {
        test("messages before one that fails with ${failure.javaClass.simpleName} are sent and let go") {
            val transport = ScriptedTransport()
            socketOver(transport).use { socket ->
                socket.newSendBatch(4).use { batch ->
                    val descriptors = List(3) { ScriptedFd() }
                    descriptors.forEachIndexed { number, descriptor ->
                        OwnedFd.wrap(descriptor).use { batch.add(Message.of("$number").to(bob).with(it)) }
                    }
                    transport.duringAttempt = { if (transport.sendAttempts.get() in 2..3) throw failure }

                    socket.trySend(batch) shouldBe 1
                    batch.count() shouldBe 2
                    descriptors.map { it.closes.get() }.shouldContainExactly(1, 0, 0)
                    shouldThrow<Exception> { socket.trySend(batch) } shouldBe failure
                    socket.trySend(batch) shouldBe 2

                    transport.sent.map { it.text }.shouldContainExactly("0", "1", "2")
                    descriptors.map { it.closes.get() }.shouldContainExactly(1, 1, 1)
                }
            }
        }
    }

    test("an error after the first message ends the batch with what has come, and is logged") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            socket.newReceiveBatch(4).use { batch ->
                transport.arrive("first")
                transport.refuseReceive(Errno.ENOBUFS)
                transport.arrive("second")

                Logged("dev.ancilla.spi.PlainReceiveSlab").use { logged ->
                    socket.tryReceive(batch) shouldBe 1
                    text(batch, 0) shouldBe "first"
                    logged.records.map { it.message }.shouldContainExactly("a batch ended early")
                }
                socket.tryReceive(batch) shouldBe 1
                text(batch, 0) shouldBe "second"

                transport.refuseReceive(Errno.ENOBUFS)
                shouldThrow<SocketOpException> { socket.tryReceive(batch) }.errno() shouldBe Errno.ENOBUFS
                batch.count() shouldBe 0
            }
        }
    }

    test("closing a batch waits for the call that fills it, and closes what that brought") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val batch = socket.newReceiveBatch(1)
            val descriptor = ScriptedFd()
            transport.arrive("with", descriptor)
            val closing = CompletableFuture<Thread>()
            transport.duringAttempt = {
                closing.complete(thread { batch.close() })
                val closer = closing.await()
                while (closer.state != Thread.State.BLOCKED) Thread.onSpinWait()
            }

            socket.tryReceive(batch) shouldBe 1

            closing.await().join()
            descriptor.closes.get() shouldBe 1
            shouldThrow<IllegalStateException> { batch.payload(0) }
        }
    }

    test("a batch that waits is counted with its bytes, until it ends or its socket or itself is closed") {
        val transport = ScriptedTransport()
        val socket = socketOver(transport)
        val batch = socket.newSendBatch(2)
        repeat(3) { round ->
            transport.fill(bob)
            batch.add(Message.of("12345").to(bob)) shouldBe true
            batch.add(Message.of("67").to(bob)) shouldBe true
            batch.add(Message.of("no room").to(bob)) shouldBe false
            batch.removeFirst()
            batch.add(Message.of("89").to(bob)) shouldBe true

            val send = socket.async().send(batch)
            (socket.queuedSends() to socket.queuedBytes()) shouldBe (2 to 4L)
            waitFor(1) { transport.armed() }
            if (round == 2) batch.close()
            transport.makeRoom(bob)

            if (round == 2) {
                shouldThrow<ExecutionException> {
                    send.get()
                }.cause.shouldBeInstanceOf<IllegalStateException>()
            } else {
                send.join()
            }
            (socket.queuedSends() to socket.queuedBytes()) shouldBe (0 to 0L)
            batch.count() shouldBe 0
        }
        transport.sent.map { it.text }.shouldContainExactly("67", "89", "67", "89")
        socket.close()
    }
})
