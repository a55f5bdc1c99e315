package dev.ancilla.testkit

import dev.ancilla.Feature
import dev.ancilla.Message
import dev.ancilla.Sockets
import dev.ancilla.UnsupportedFeatureException
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.longs.shouldBeLessThan
import io.kotest.matchers.shouldBe
import io.kotest.matchers.types.shouldBeInstanceOf
import java.net.SocketTimeoutException
import java.time.Duration
import java.util.concurrent.CompletableFuture
import java.util.concurrent.atomic.AtomicBoolean
import kotlin.concurrent.thread

private val SPIN = Duration.ofNanos(50_000)

/** Loops that look for work for a while before they sleep. */
internal fun ContractSpec.spinning() {
    scenario("a loop spins for at most a millisecond, and not for less than nothing") {
        for (wrong in listOf(Duration.ofNanos(-1), Duration.ofNanos(1_000_001), Duration.ofSeconds(1))) {
            shouldThrow<IllegalArgumentException> { Sockets.unixDgram().newEventLoop("ancilla-spin", wrong) }
        }
        // That is a loop as any other.
        val loop = Sockets.unixDgram().newEventLoop("ancilla-spin", Duration.ZERO)
        val receiver = bound(Wish(loop = loop))
        connectedTo(receiver).send("as ever")
        receiver.receiveText() shouldBe "as ever"
    }

    if (Feature.SPINNING in features) {
        inEveryStyle("messages on a loop that spins come and go as on any other, and it sleeps in between") {
            val loop = Sockets.unixDgram().newEventLoop("ancilla-spin", SPIN)
            val receiver = bound(Wish(loop = loop))
            val sender = open(Wish(loop = loop)).also { it.connect(receiver.localAddress()) }
            repeat(50) {
                val waiting = style.receive(receiver)
                if (it % 10 == 0) Thread.sleep(5) // Longer than it spins.
                sender.send("$it")
                waiting.await().use { datagram -> datagram.text() shouldBe "$it" }
            }

            val waiting = style.receive(receiver)
            val before = cpuNanosOf("ancilla-spin")
            waiting.expectWaiting()
            cpuNanosOf("ancilla-spin") - before shouldBeLessThan WATCHING_MILLIS * 1_000_000 / 2
            receiver.close()
            waiting.result().isFailure shouldBe true
        }

        scenario("on a loop that spins a deadline ends a blocking send while messages arrive") {
            val loop = Sockets.unixDgram().newEventLoop("ancilla-spin", Duration.ofMillis(1))
            val peer = bound()
            val socket = bound(Wish(loop = loop)).also { it.connect(peer.localAddress()) }
            peer.connect(socket.localAddress())
            socket.fill()
            val arriving = AtomicBoolean(true)
            val sends = thread { while (arriving.get()) peer.trySend(Message.of("more")) }
            val receives = thread { while (arriving.get()) socket.blocking().receive().close() }
            try {
                val send =
                    CompletableFuture.supplyAsync {
                        runCatching { socket.blocking().send(Message.of("late"), Duration.ofMillis(50)) }
                    }
                send.join("a send").exceptionOrNull().shouldBeInstanceOf<SocketTimeoutException>()
            } finally {
                arriving.set(false)
                sends.join()
                peer.trySend(Message.of("last")) // Where there is no room nobody waits.
                receives.join()
            }
        }
    } else {
        scenario("a loop that spins is refused, for the provider has no SPINNING") {
            val refusal =
                shouldThrow<UnsupportedFeatureException> {
                    Sockets.unixDgram().newEventLoop("ancilla-spin", SPIN)
                }
            refusal.feature() shouldBe Feature.SPINNING
            refusal.provider() shouldBe subject.provider
        }
    }

    scenario("with one processor a loop that spins is refused") {
        val child = keep(Child.start("spin", options = listOf("-XX:ActiveProcessorCount=1")))
        child.line() shouldBe "1"
        child.line() shouldBe "refused SPINNING"
        child.exit() shouldBe 0
    }
}

private fun cpuNanosOf(name: String): Long = cpuNanos { it == name }.values.sum()
