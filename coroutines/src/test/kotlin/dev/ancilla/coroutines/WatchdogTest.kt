package dev.ancilla.coroutines

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldContain
import io.kotest.matchers.shouldBe
import java.util.concurrent.CompletableFuture
import java.util.concurrent.TimeUnit
import kotlin.time.Duration.Companion.milliseconds

class WatchdogTest :
    FunSpec({
        test("a loop that was blocked before it was watched is told too, by name and stack") {
            val directed = DirectedUdp()
            directed.socket().use {
                directed.loop.whileBusy {
                    val told = CompletableFuture<LoopBlocked>()
                    directed.loop.watchdog(10.milliseconds, told::complete).use {
                        val blocked = told.get(30, TimeUnit.SECONDS)
                        blocked.message shouldBe "udp-loop has been blocked for more than 10ms"
                        blocked.stackTrace.map { it.methodName } shouldContain "await"
                    }
                }
            }
        }
    })
