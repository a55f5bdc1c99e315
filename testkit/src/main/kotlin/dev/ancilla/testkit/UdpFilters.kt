package dev.ancilla.testkit

import dev.ancilla.Errno
import dev.ancilla.Message
import dev.ancilla.SocketOpException
import dev.ancilla.UdpSocket
import dev.ancilla.coroutines.sendAll
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.throwables.shouldThrowAny
import io.kotest.matchers.shouldBe
import io.kotest.matchers.types.shouldBeInstanceOf

/** With whom a socket may talk. */
internal fun ContractSpec.udpFilters() {
    inEveryStyle("row10 row35 sends and connects to whom the program forbade are refused before they begin") {
        val allowed = udpBound()
        val forbidden = udpBound()
        val socket = udp { allowTargets { it.port != forbidden.port } }
        val target = forbidden.localAddress()

        for (refused in listOf({ socket.send("no", target) }, { socket.connect(target) })) {
            val refusal = shouldThrow<SocketOpException> { refused() }
            refusal.errno() shouldBe Errno.EPERM
            refusal.remoteAddress() shouldBe target
        }
        // A name is refused for the address that it has.
        shouldThrow<SocketOpException> { socket.send("no", named("localhost", forbidden.port)) }
            .errno() shouldBe Errno.EPERM
        shouldThrow<SocketOpException> { socket.trySend(Message.of("no").to(target)) }
        socket.newSendBatch(2).use { batch ->
            shouldThrow<IllegalArgumentException> { batch.add(Message.of("no").to(target)) }
                .cause
                .shouldBeInstanceOf<SocketOpException>()
            batch.count() shouldBe 0
        }
        udp().newSendBatch(2).use { foreign ->
            foreign.add(Message.of("smuggled").to(target))
            shouldThrow<IllegalArgumentException> { socket.trySend(foreign) }
        }
        socket.queuedSends() shouldBe 0
        socket.send("yes", allowed.localAddress())
        allowed.receiveText() shouldBe "yes"
        forbidden.tryReceive() shouldBe null
    }

    scenario("lists go by the rules of their own socket, whichever has sent one before") {
        val allowed = udpBound()
        val forbidden = udpBound()
        val open = udp()
        val limited = udp { allowTargets { it.port != forbidden.port } }

        fun listFor(receiver: UdpSocket) = List(2) { Message.of("$it").to(receiver.localAddress()) }
        playing {
            open.sendAll(listFor(allowed))
            limited.sendAll(listFor(allowed))
            open.sendAll(listFor(forbidden))
            shouldThrowAny { limited.sendAll(listFor(forbidden)) }
        }
        repeat(4) { allowed.receiveText() shouldBe "${it % 2}" }
        repeat(2) { forbidden.receiveText() shouldBe "$it" }
        forbidden.expectNothing()
    }

    inEveryStyle("row10 messages of whom the program does not hear are dropped, however many") {
        val unwanted = udpBound()
        val wanted = udpBound()
        val receiver = udpBound(ask = { allowSenders { it.port != unwanted.port } })
        repeat(100) { unwanted.send("unheard $it", receiver.localAddress()) }
        wanted.send("heard", receiver.localAddress())
        receiver.receiveText() shouldBe "heard"
        receiver.expectNothing()
    }

    inEveryStyle("row10 a batch has no message of whom the program does not hear", Style.batching) {
        val unwanted = udpBound()
        val wanted = udpBound()
        val receiver = udpBound(ask = { allowSenders { it.port != unwanted.port } })
        for (n in 1..20) (if (n % 2 == 0) wanted else unwanted).send("$n", receiver.localAddress())
        val got = mutableListOf<String>()
        receiver.newReceiveBatch(8).use { batch ->
            while (got.size < 10) {
                repeat(receiver.receiveBatch(batch)) {
                    batch.sender(it) shouldBe wanted.localAddress()
                    got += Charsets.UTF_8.decode(batch.payload(it)).toString()
                }
            }
            got shouldBe (2..20 step 2).map { "$it" }
            // The same batch on a socket that hears everybody.
            val open = udpBound()
            unwanted.send("heard there", open.localAddress())
            open.receiveBatch(batch) shouldBe 1
        }
    }
}
