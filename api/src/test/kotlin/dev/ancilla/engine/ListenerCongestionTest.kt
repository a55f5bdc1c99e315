package dev.ancilla.engine

import dev.ancilla.Datagram
import dev.ancilla.DgramListener
import dev.ancilla.DgramSocket
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.Subscription
import dev.ancilla.UnixAddress
import dev.ancilla.scripted.ScriptedFd
import dev.ancilla.scripted.ScriptedTransport
import dev.ancilla.scripted.call
import dev.ancilla.scripted.socketOver
import dev.ancilla.scripted.waitFor
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import java.net.SocketAddress
import java.net.UnixDomainSocketAddress
import java.util.concurrent.CopyOnWriteArrayList

class ListenerCongestionTest : FunSpec({
    /** Notes what is told of targets. */
    open class Notes : DgramListener {
        val told = CopyOnWriteArrayList<String>()

        override fun onMessage(socket: DgramSocket, datagram: Datagram) {}

        override fun onCongestion(socket: DgramSocket, target: SocketAddress?) {
            told += "full $target"
        }

        override fun onWritable(socket: DgramSocket, target: SocketAddress?) {
            told += "room $target"
        }
    }

    val slow = UnixAddress.path("/slow")

    test("congestion is told once for a target until it is writable again") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val notes = Notes()
            socket.listen(notes)
            transport.fill(slow)
            repeat(3) { socket.trySend(Message.of("x").to(slow)) shouldBe false }
            waitFor(listOf("full unix:/slow")) { notes.told.toList() }
            transport.makeRoom(slow)
            waitFor(listOf("full unix:/slow", "room unix:/slow")) { notes.told.toList() }
            socket.trySend(Message.of("x").to(slow)) shouldBe true
            transport.fill(slow)
            socket.trySend(Message.of("x").to(slow)) shouldBe false
            waitFor(3) { notes.told.size }
        }
    }

    test("a callback of congestion that throws does not stop the news of room") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val notes =
                object : Notes() {
                    override fun onCongestion(socket: DgramSocket, target: SocketAddress?) {
                        super.onCongestion(socket, target)
                        throw IllegalStateException("a bug of the listener")
                    }
                }
            socket.listen(notes)
            transport.fill(slow)
            socket.trySend(Message.of("x").to(slow)) shouldBe false
            waitFor(1) { notes.told.size }
            transport.makeRoom(slow)
            waitFor(listOf("full unix:/slow", "room unix:/slow")) { notes.told.toList() }
        }
    }

    test("closing the subscription gives up the wait for room, and nothing more is told") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val notes = Notes()
            val subscription = socket.listen(notes)
            transport.fill(slow)
            socket.trySend(Message.of("x").to(slow)) shouldBe false
            waitFor(2) { transport.armed() } // for a message, and for room
            subscription.close()
            waitFor(0) { transport.armed() }
            transport.makeRoom(slow)
            transport.loop.call {}
            notes.told shouldContainExactly listOf("full unix:/slow")
        }
    }

    test("a subscription begins before it is told of congestion") {
        val transport = ScriptedTransport()
        val told = CopyOnWriteArrayList<String>()
        val delivery =
            object : Delivery<Datagram> {
                override fun take(): Datagram? = null

                override fun give(taken: Datagram) {}

                override fun begun(subscription: Subscription) {
                    told += "begun"
                }

                override fun failed(error: Throwable) {}

                override fun congested(target: SocketAddress?) {
                    told += "full"
                }

                override fun closed() {}
            }
        socketOver(transport).use { socket ->
            transport.fill(null)
            val pump = ListenerPump(socket, delivery)
            pump.congested(null) // By a thread that sends, while another one subscribes.
            pump.resume()
            waitFor(listOf("begun", "full")) { told.toList() }
            pump.close()
        }
    }

    test("a target in the JDK's type is told, and waited for, as an address of ours") {
        val transport = ScriptedTransport()
        socketOver(transport).use { socket ->
            val notes = Notes()
            socket.listen(notes)
            transport.fill(slow)
            OwnedFd.wrap(ScriptedFd(7)).use { lent ->
                val message = Message.of("x").to(UnixDomainSocketAddress.of("/slow"))
                socket.trySend(message.with(lent)) shouldBe false
                socket.trySend(message) shouldBe false
            }
            waitFor(listOf("full unix:/slow")) { notes.told.toList() }
            waitFor(2) { transport.armed() }
            transport.makeRoom(slow)
            waitFor(listOf("full unix:/slow", "room unix:/slow")) { notes.told.toList() }
        }
    }
})
