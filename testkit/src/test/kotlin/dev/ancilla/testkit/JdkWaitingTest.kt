package dev.ancilla.testkit

import dev.ancilla.Message
import dev.ancilla.Sockets
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import java.net.InetAddress
import java.net.InetSocketAddress
import kotlin.concurrent.thread

/** How threads wait on the JDK's transport. */
class JdkWaitingTest :
    FunSpec({
        test("a platform thread that waits is woken by the kernel, and no loop runs for it") {
            until("the loops of other tests have ended") { Census.take().isQuiet }
            val before = Census.take()
            val here = InetSocketAddress(InetAddress.getLoopbackAddress(), 0)
            Sockets.udp().bind(here).use { receiver ->
                Sockets.udp().open().use { sender ->
                    val got = ArrayList<String>()
                    val waiting =
                        thread {
                            repeat(3) {
                                receiver.blocking().receive().use { datagram ->
                                    got += datagram.text()
                                }
                            }
                        }
                    repeat(3) {
                        until("it waits") {
                            waiting.stackTrace.any { frame -> frame.className.endsWith(".ChannelPoller") }
                        }
                        sender.trySend(Message.of("$it").to(receiver.localAddress())) shouldBe true
                        until("it came") { got.size > it }
                    }
                    waiting.join()
                    got shouldBe listOf("0", "1", "2")
                    Census.take().isQuiet shouldBe true
                }
            }
            before.expectUnchanged()
        }
    })
