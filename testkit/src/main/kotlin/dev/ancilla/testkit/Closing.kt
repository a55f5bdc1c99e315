package dev.ancilla.testkit

import dev.ancilla.DgramSocket
import dev.ancilla.Errno
import dev.ancilla.Message
import dev.ancilla.SocketOpException
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.shouldBe
import io.kotest.matchers.types.shouldBeInstanceOf
import java.nio.ByteBuffer
import java.nio.channels.ClosedChannelException
import java.nio.file.Files
import java.util.concurrent.CancellationException
import java.util.concurrent.CompletableFuture
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.atomic.AtomicInteger
import kotlin.concurrent.thread

/** The end of a socket, whoever waits on it then. */
internal fun ContractSpec.closing() {
    scenario(
        "O09 closing a socket at once, or while it binds and connects, is one end and no error elsewhere",
    ) {
        val peer = bound()
        val errors =
            uncaughtDuring {
                repeat(60) { round ->
                    val socket = subject.open()
                    val ends = AtomicInteger()
                    socket.closed().thenRun(ends::incrementAndGet)
                    val outcomes = ConcurrentLinkedQueue<Result<Any>>()
                    val busy =
                        thread(name = "binder") {
                            outcomes += runCatching { socket.bind(subject.freshAddress(directory)) }
                            outcomes += runCatching { socket.tryConnect(peer.localAddress()) }
                        }
                    if (round % 2 == 0) repeat(round * 50) { Thread.onSpinWait() }
                    socket.close()
                    busy.join()

                    until("the end") { ends.get() == 1 }
                    outcomes
                        .mapNotNull { it.exceptionOrNull() }
                        .forEach { it.shouldBeInstanceOf<ClosedChannelException>() }
                }
            }
        errors.shouldBeEmpty()
        if (subject.isUnix) {
            peer.close()
            Files.list(directory).use { it.toList() }.shouldBeEmpty()
        }
    }

    inEveryStyle("closing from another thread wakes every receiver") {
        val socket = bound()
        val waiting = List(4) { style.receive(socket) }
        waiting.last().expectWaiting()

        thread { socket.close() }

        for (call in waiting) call.result().exceptionOrNull().shouldBeInstanceOf<ClosedChannelException>()
    }

    inEveryStyle("O43 after close, which may be called again, every call says closed") {
        val peer = bound()
        val socket = bound()
        val target = peer.localAddress()
        socket.close()
        socket.close()

        for (
        call in closedCalls(socket) +
            mapOf(
                "receive" to { socket.receive() },
                "send" to { socket.send("late", target) },
                "connect" to { socket.connect(target) },
                "bind" to { socket.bind(target) },
            )
        ) {
            withClue(call.key) { shouldThrow<ClosedChannelException> { call.value() } }
        }
        socket.isOpen shouldBe false
        socket.keepProcessAlive(true)
        socket.keepProcessAlive(false)
        socket.closed().toCompletableFuture().join("closed()")
        peer.tryReceive() shouldBe null
    }

    if (isUnix) {
        scenario("a socket that has closed takes no message any more, also if its loop was waiting for one") {
            repeat(300) { round ->
                val receiver = bound()
                val sender = connectedTo(receiver)
                receiver.async().receive()
                if (round % 2 == 0) Thread.sleep(1)

                receiver.close()

                val late = shouldThrow<SocketOpException> { sender.trySend(Message.of("late")) }
                late.errno() shouldBe Errno.ECONNREFUSED
                sender.close()
            }
        }
    }

    scenario("O44 row92 row117 nothing is delivered after a listener closed its socket") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        repeat(5) { sender.send("$it") }
        val delivered = AtomicInteger()
        val ended = CompletableFuture<Void>()
        receiver.closed().thenRun { ended.complete(null) }

        receiver.listen { socket, _ ->
            delivered.incrementAndGet()
            socket.close()
        }
        ended.join("closed()")

        Thread.sleep(WATCHING_MILLIS)
        delivered.get() shouldBe 1
    }

    scenario("O44 closing inside a completion ends the calls that wait") {
        val receiver = bound()
        val sender = connectedTo(receiver)
        val closing =
            receiver.async().receive().thenAccept {
                it.close()
                receiver.close()
            }
        val waiting = List(3) { Async.receive(receiver) }

        sender.send("now")

        closing.join("the completion")
        for (call in waiting) call.result().exceptionOrNull().shouldBeInstanceOf<ClosedChannelException>()
    }

    inEveryStyle("O45 row8 giving up twice, after the close or before the start does no harm") {
        val socket = bound()
        val twice = style.receive(socket)
        twice.cancel()
        twice.cancel()
        twice.expectThrown(style.givenUp)
        socket.isOpen shouldBe true

        val before = style.receive(socket).also(Call<*>::cancel)
        before.expectThrown(style.givenUp)

        val after = style.receive(socket)
        socket.close()
        after.result().exceptionOrNull().shouldBeInstanceOf<ClosedChannelException>()
        after.cancel()

        val tooLate = style.receive(socket).also(Call<*>::cancel).result().exceptionOrNull()
        (tooLate is ClosedChannelException || tooLate is CancellationException) shouldBe true
    }

    scenario("O46 row114 row115 row116 leaving the block twice closes once") {
        val socket = subject.open()
        socket.bind(subject.freshAddress(directory))
        val ends = AtomicInteger()
        socket.closed().thenRun(ends::incrementAndGet)

        repeat(2) { socket.use { it.isOpen } }

        until("the end") { ends.get() == 1 }
        shouldThrow<ClosedChannelException> { socket.localAddress() }
        Thread.sleep(WATCHING_MILLIS)
        ends.get() shouldBe 1
    }

    scenario("O47 a bound socket that listens lets its process exit") {
        val child = keep(Child.start("idle", subject.word, directory.resolve("idle").toString()))
        child.line()
        child.exit() shouldBe 0
    }

    scenario("O47 row120 a socket that keeps its process alive does so until it is told otherwise") {
        val path = directory.resolve("stay")
        val child = keep(Child.start("stay", subject.word, path.toString()))
        val port = child.line().toInt()
        Thread.sleep(WATCHING_MILLIS * 5)
        child.isAlive shouldBe true

        bound().send("go", subject.addressOf(path, port))

        child.line() shouldBe "got go"
        child.exit() shouldBe 0
    }
}

/** Every member that says so after close, but those that take another argument in each style. */
private fun closedCalls(socket: DgramSocket): Map<String, () -> Any?> = mapOf(
    "localAddress" to { socket.localAddress() },
    "remoteAddress" to { socket.remoteAddress() },
    "sendBufferSize" to { socket.sendBufferSize() },
    "sendBufferSize(n)" to { socket.sendBufferSize(4096) },
    "receiveBufferSize" to { socket.receiveBufferSize() },
    "receiveBufferSize(n)" to { socket.receiveBufferSize(4096) },
    "disconnect" to { socket.disconnect() },
    "tryReceive" to { socket.tryReceive() },
    "trySend" to { socket.trySend(Message.of("late")) },
    "trySend(buffer)" to { socket.trySend(ByteBuffer.allocate(1), null) },
    "queuedSends" to { socket.queuedSends() },
    "queuedBytes" to { socket.queuedBytes() },
    "beginSend" to { socket.beginSend(Message.of("late")) },
    "listen" to { socket.listen { _, _ -> } },
)

/** What reached no caller while [work] ran. */
private fun uncaughtDuring(work: () -> Unit): List<Throwable> {
    val errors = ConcurrentLinkedQueue<Throwable>()
    val usual = Thread.getDefaultUncaughtExceptionHandler()
    Thread.setDefaultUncaughtExceptionHandler { _, error -> errors += error }
    try {
        work()
    } finally {
        Thread.setDefaultUncaughtExceptionHandler(usual)
    }
    return errors.toList()
}
