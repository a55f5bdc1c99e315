package dev.ancilla.testkit

import dev.ancilla.Datagram
import dev.ancilla.DgramSocket
import dev.ancilla.EventLoop
import dev.ancilla.Message
import dev.ancilla.ReceiveBatch
import dev.ancilla.SendBatch
import java.net.SocketAddress
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CopyOnWriteArrayList

/** Where one test plays: opens what it needs, in the style it is in, and closes it afterwards. */
internal class Scene(val subject: DgramSubject, val style: Style) : AutoCloseable {
    private val kept = CopyOnWriteArrayList<AutoCloseable>()

    /** A directory of this test alone. */
    val directory: Path by lazy {
        Files.createTempDirectory("ancilla").also { made ->
            kept.add(0, AutoCloseable { made.toFile().deleteRecursively() })
        }
    }

    /** Closes [it] when the test ends, if the test has not. */
    fun <T : AutoCloseable> keep(it: T): T = it.also(kept::add)

    fun open(wish: Wish = Wish()): DgramSocket = keep(subject.open(wish))

    fun bound(wish: Wish = Wish()): DgramSocket = open(wish).also { it.bind(subject.freshAddress(directory)) }

    fun connectedTo(peer: DgramSocket, wish: Wish = Wish()): DgramSocket =
        open(wish).also { it.tryConnect(peer.localAddress()) }

    /** Starts the socket's loop, whose thread stays while a socket is open. */
    fun startLoopOf(socket: DgramSocket) = startLoop(socket.eventLoop())

    fun newEventLoop(name: String): EventLoop = subject.newEventLoop("ancilla-$name")

    fun DgramSocket.receive(): Datagram = style.receive(this).await()

    /** Receives a message and closes it. */
    fun DgramSocket.receiveText(): String = receive().use { it.text() }

    fun DgramSocket.send(message: Message) = style.send(this, message).await()

    fun DgramSocket.send(text: String, target: SocketAddress? = null) = send(Message.of(text).to(target))

    fun DgramSocket.receiveBatch(batch: ReceiveBatch): Int = style.receiveBatch(this, batch).await()

    fun DgramSocket.sendBatch(batch: SendBatch) = style.sendBatch(this, batch).await()

    fun DgramSocket.connect(address: SocketAddress) = style.connect(this, address).await()

    /** Sends until the target's queue is full, and returns how many messages it took. */
    fun DgramSocket.fill(target: SocketAddress? = null): Int {
        var sent = 0
        while (trySend(Message.of("fill").to(target))) sent++
        return sent
    }

    override fun close() = kept.asReversed().forEach(AutoCloseable::close)
}

/** Starts a loop, and waits until it runs. */
internal fun startLoop(loop: EventLoop) {
    val started = CompletableFuture<Unit>()
    loop.execute { started.complete(Unit) }
    started.join("the loop")
}
