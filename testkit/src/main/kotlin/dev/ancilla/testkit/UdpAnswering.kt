package dev.ancilla.testkit

import dev.ancilla.Message
import dev.ancilla.coroutines.answerEach
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import java.util.concurrent.atomic.AtomicInteger

/** Answers over UDP, whose askers have an address each, though not always one to answer to. */
internal fun ContractSpec.udpAnswering() {
    scenario("an asker of port 0 is no error, and the next is answered", RawSockets::missing) {
        val server = udpBound()
        val asker = udpBound()
        val handled = AtomicInteger()
        playing {
            val answering =
                launch {
                    server.answerEach {
                        handled.incrementAndGet()
                        Message.of("to ${it.text()}")
                    }
                }
            RawSockets.sendFromPort0(server.port) shouldBe 0
            until("it is handled") { handled.get() == 1 }
            asker.send("you", server.localAddress())
            asker.receiveText() shouldBe "to you"
            answering.cancelAndJoin()
        }
    }

    scenario("a server that is connected answers its peer") {
        val server = udpBound()
        val asker = udpBound()
        server.connect(asker.localAddress())
        playing {
            val answering = launch { server.answerEach { Message.of("to ${it.text()}") } }
            asker.send("you", server.localAddress())
            asker.receiveText() shouldBe "to you"
            answering.cancelAndJoin()
        }
    }
}

/** Packets that no UDP socket would send, made with python3. */
private object RawSockets {
    private const val OPEN =
        "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)"

    /** Ports, length, and no checksum, as of RFC 768. */
    private const val SEND =
        "$OPEN; import struct, sys; " +
            "s.sendto(struct.pack('!HHHH', 0, int(sys.argv[1]), 9, 0) + b'x', ('127.0.0.1', 0))"

    fun missing(): String? = "only root opens raw sockets, here with python3"
        .takeUnless { runCatching { Forked.run(listOf("python3", "-c", OPEN)) == 0 }.getOrDefault(false) }

    fun sendFromPort0(port: Int): Int = Forked.run(listOf("python3", "-c", SEND, "$port"))
}
