package dev.ancilla.testkit

import dev.ancilla.Feature
import dev.ancilla.Sockets
import dev.ancilla.UnsupportedFeatureException
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.longs.shouldBeLessThan
import io.kotest.matchers.shouldBe
import java.time.Duration

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
