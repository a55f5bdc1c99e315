package dev.ancilla.coroutines

import dev.ancilla.Sockets
import dev.ancilla.coroutines.samples.receiveBatches
import dev.ancilla.coroutines.samples.sendBatches
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.withTimeout
import java.net.InetAddress
import java.net.InetSocketAddress
import kotlin.time.Duration.Companion.seconds

/** Runs the samples of the KDoc. */
class BatchSamplesTest :
    FunSpec({
        test("what goes out in batches comes in in batches") {
            val anywhere = InetSocketAddress(InetAddress.getLoopbackAddress(), 0)
            Sockets.udp().bind(anywhere).use { receiver ->
                Sockets.udp().bind(anywhere).use { sender ->
                    withTimeout(30.seconds) {
                        sendBatches(sender, receiver.localAddress(), 100..199)
                        receiveBatches(receiver, 100) shouldBe 300
                    }
                }
            }
        }
    })
