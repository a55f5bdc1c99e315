package dev.ancilla.spi

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.comparables.shouldBeGreaterThan
import io.kotest.matchers.comparables.shouldBeLessThanOrEqualTo
import io.kotest.matchers.shouldBe
import java.time.Duration

class DeadlineTest : FunSpec({
    test("no timeout, and one of more than 100 years, never pass") {
        for (timeout in listOf(null, Duration.ofDays(36_501), Duration.ofSeconds(Long.MAX_VALUE))) {
            val deadline = Deadline.after(timeout)
            deadline.isNever shouldBe true
            deadline.remainingNanos() shouldBe Long.MAX_VALUE
        }
    }

    test("a timeout of zero has passed") {
        Deadline.after(Duration.ZERO).remainingNanos() shouldBeLessThanOrEqualTo 0
        Deadline.after(Duration.ZERO).isNever shouldBe false
    }

    test("the time that is left shrinks") {
        val deadline = Deadline.after(Duration.ofHours(1))
        val first = deadline.remainingNanos()
        first shouldBeLessThanOrEqualTo Duration.ofHours(1).toNanos()
        first shouldBeGreaterThan 0
        deadline.remainingNanos() shouldBeLessThanOrEqualTo first
        Deadline.after(Duration.ofDays(36_500)).remainingNanos() shouldBeGreaterThan first
    }

    test("a negative timeout is refused") {
        shouldThrow<IllegalArgumentException> { Deadline.after(Duration.ofNanos(-1)) }.message shouldBe
            "timeout is negative: PT-0.000000001S"
    }
})
