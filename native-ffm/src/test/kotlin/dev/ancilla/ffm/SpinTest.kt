package dev.ancilla.ffm

import dev.ancilla.spi.Deadline
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import java.time.Duration

private const val AN_HOUR = 3_600_000_000_000L
private const val A_MILLISECOND = 1_000_000L

class SpinTest : FunSpec({
    test("nobody spins on a loop that does not") {
        Spin().goesOn(0, Deadline.NEVER) shouldBe false
    }

    test("spinning ends after its time, and begins anew with the next wait") {
        val spin = Spin()
        spin.goesOn(A_MILLISECOND, Deadline.NEVER) shouldBe true
        Thread.sleep(2)
        spin.goesOn(A_MILLISECOND, Deadline.NEVER) shouldBe false
        spin.goesOn(A_MILLISECOND, Deadline.NEVER) shouldBe true
    }

    test("what comes lets who waits spin anew") {
        val spin = Spin()
        spin.goesOn(A_MILLISECOND, Deadline.NEVER) shouldBe true
        Thread.sleep(2)
        spin.end()
        spin.goesOn(A_MILLISECOND, Deadline.NEVER) shouldBe true
    }

    test("a deadline ends spinning, whatever comes meanwhile") {
        val spin = Spin()
        val passed = Deadline.after(Duration.ZERO)
        spin.goesOn(AN_HOUR, Deadline.NEVER) shouldBe true
        spin.goesOn(AN_HOUR, passed) shouldBe false
        spin.end()
        spin.goesOn(AN_HOUR, passed) shouldBe false
    }
})
