package dev.ancilla.testkit

import dev.ancilla.Ancillary
import dev.ancilla.Errno
import dev.ancilla.EventLoop
import dev.ancilla.OwnedFd
import dev.ancilla.Server
import dev.ancilla.ServerListener
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.StreamListener
import dev.ancilla.StreamSocket
import dev.ancilla.Subscription
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.ints.shouldBeLessThan
import io.kotest.matchers.shouldBe
import java.nio.ByteBuffer
import java.nio.channels.ClosedChannelException
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import kotlin.random.Random

/** Callbacks of streams and servers, beyond what every style does. */
internal fun StreamContract.streamListeners() {
    listenersOfStreams()
    listenersOfServers()
}

/** Notes in words what a stream tells. */
private open class Notes : StreamListener {
    private val told = LinkedBlockingQueue<String>()
    lateinit var subscription: Subscription

    fun tell(what: String) {
        told.add(what)
    }

    fun next(): String? = told.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)

    fun expectNothing() {
        told.poll(WATCHING_MILLIS, TimeUnit.MILLISECONDS) shouldBe null
    }

    override fun onStart(socket: StreamSocket, subscription: Subscription) {
        this.subscription = subscription
        tell("start")
    }

    override fun onData(socket: StreamSocket, bytes: ByteBuffer, ancillary: Ancillary) {
        tell(Charsets.UTF_8.decode(bytes).toString() + ancillary.takeAll().map { it.use(OwnedFd::readText) })
    }

    override fun onEnd(socket: StreamSocket) {
        tell("end")
    }

    override fun onWritable(socket: StreamSocket) {
        tell("writable")
    }

    override fun onError(socket: StreamSocket, error: Throwable) {
        tell((error as? SocketOpException)?.errno()?.name ?: "${error.message}")
    }

    override fun onClose(socket: StreamSocket) {
        tell("close")
    }
}

private fun StreamContract.listenersOfStreams() {
    scenario("a listener is told of the start, the bytes, the end and the closing, each once") {
        val pair = pair()
        val notes = Notes()
        pair.right().listen(notes)
        notes.next() shouldBe "start"
        pair.left().write("one", fileWith("1"))
        notes.next() shouldBe "one[1]"
        pair.left().end("two")
        notes.next() shouldBe "two[]"
        notes.next() shouldBe "end"
        pair.right().write("the other way goes on")
        pair.left().readExactly(21).first shouldBe "the other way goes on"
        repeat(2) { pair.right().close() }
        notes.next() shouldBe "close"
        notes.expectNothing()
        shouldThrow<ClosedChannelException> { pair.right().listen(notes) }
    }

    scenario("a paused listener leaves bytes in the kernel, and their writer waiting, until it goes on") {
        val pair = pair()
        val taken = AtomicInteger()
        val subscription = pair.right().listen { _, bytes, _ -> taken.addAndGet(bytes.remaining()) }
        pair.left().write("first")
        until("the first bytes came") { taken.get() == 5 }
        repeat(2) { subscription.pause() }
        val write = style.write(pair.left(), listOf(ByteBuffer.allocate(3_000_000)), Ancillary.none())
        write.expectWaiting()
        taken.get() shouldBe 5
        repeat(2) { subscription.resume() }
        write.await()
        until("all came") { taken.get() == 3_000_005 }
    }

    scenario("a listener that pauses itself at each part gets no more until it goes on") {
        val pair = pair()
        val notes =
            object : Notes() {
                override fun atMost(socket: StreamSocket) = 2

                override fun onData(socket: StreamSocket, bytes: ByteBuffer, ancillary: Ancillary) {
                    super.onData(socket, bytes, ancillary)
                    subscription.pause()
                }
            }
        pair.left().write("abcd")
        pair.right().listen(notes)
        notes.next() shouldBe "start"
        notes.next() shouldBe "ab[]"
        notes.expectNothing()
        notes.subscription.resume()
        notes.next() shouldBe "cd[]"
    }

    scenario("closing the subscription leaves the socket and its bytes to others") {
        val pair = pair()
        val notes = Notes()
        val subscription = pair.right().listen(notes)
        notes.next() shouldBe "start"
        repeat(2) { subscription.close() }
        notes.next() shouldBe "close"
        pair.left().write("yours", fileWith("f"))
        pair.right().readPart(64) shouldBe ("yours" to listOf("f"))
        pair.right().close()
        notes.expectNothing()
    }

    scenario("a listener hands the stream over, with what it has not used") {
        val pair = pair()
        val rest = LinkedBlockingQueue<StreamSocket>()
        val notes =
            object : Notes() {
                override fun onData(socket: StreamSocket, bytes: ByteBuffer, ancillary: Ancillary) {
                    subscription.close()
                    bytes.position(4)
                    socket.unread(bytes, ancillary)
                    rest.add(socket)
                }
            }
        pair.right().listen(notes)
        pair.left().write("headrest", fileWith("f"))
        rest.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)!!.readExactly(4, 1) shouldBe ("rest" to listOf("f"))
    }

    scenario("a listener of a stream is told of room once it was refused, and writes all") {
        val pair = pair()
        val source = ByteBuffer.wrap(Random(1).nextBytes(5_000_000))
        val told = AtomicInteger()
        val listener =
            object : Notes() {
                override fun onWritable(socket: StreamSocket) {
                    told.incrementAndGet()
                    socket.tryWrite(source)
                    if (!source.hasRemaining()) socket.shutdownOutput()
                }
            }
        pair.left().listen(listener)
        pair.left().tryWrite(source)
        pair.left().tryWrite(source)
        Thread.sleep(WATCHING_MILLIS)
        told.get() shouldBe 0
        pair.right().readToEnd() shouldBe 5_000_000
    }

    scenario("what a callback throws is told, closes the descriptors of its bytes, and ends nothing") {
        val pair = pair()
        val notes =
            object : Notes() {
                override fun onData(socket: StreamSocket, bytes: ByteBuffer, ancillary: Ancillary) {
                    if (bytes.get(0) == 'x'.code.toByte()) error("as asked")
                    super.onData(socket, bytes, ancillary)
                }
            }
        pair.right().listen(notes)
        notes.next() shouldBe "start"
        pair.left().write("x", fileWith("f"))
        notes.next() shouldBe "as asked"
        pair.left().write("y")
        notes.next() shouldBe "y[]"
    }

    scenario("a reset is told as an error, and then the end") {
        val pair = pair()
        pair.right().write("never read")
        pair.left().close()
        val notes = Notes()
        pair.right().listen(notes)
        List(3) { notes.next() } shouldBe listOf("start", Errno.ECONNRESET.name, "end")
        notes.expectNothing()
    }

    scenario("a stream that nobody keeps open is closed at its end, behind what was being written") {
        val pair = pair()
        val long = 3_000_000
        pair.right().listen { socket, _, _ -> socket.async().write(ByteBuffer.allocate(long)) }
        pair.left().end("answer me")
        pair.left().readToEnd() shouldBe long
        until("it was closed") { !pair.right().isOpen }
    }

    scenario("a stream that is not connected is not listened to") {
        shouldThrow<SocketOpException> { open().listen { _, _, _ -> } }.errno() shouldBe Errno.ENOTCONN
    }

    scenario("at most 32 reads are made in a turn of the loop, then others have theirs") {
        val pair = pair()
        val sinceTurn = AtomicInteger()
        val most = AtomicInteger()
        val taken = AtomicInteger()
        pair.left().tryWrite(ByteBuffer.allocate(10_000))
        val single =
            object : Notes() {
                override fun atMost(socket: StreamSocket) = 1

                override fun onData(socket: StreamSocket, bytes: ByteBuffer, ancillary: Ancillary) {
                    most.accumulateAndGet(sinceTurn.incrementAndGet(), Math::max)
                    taken.incrementAndGet()
                }
            }
        otherTask(pair.right().eventLoop()) { sinceTurn.set(0) }.use {
            pair.right().listen(single)
            until("all is taken") { taken.get() == 10_000 }
        }
        most.get() shouldBeLessThan 2 * EventLoop.BUDGET
    }
}

private fun StreamContract.listenersOfServers() {
    scenario("a listener serves every connection, and closing it leaves the server and the connections") {
        val server = server()
        val told = LinkedBlockingQueue<String>()
        val subscription =
            server.listen(
                object : ServerListener<StreamSocket> {
                    override fun onConnection(server: Server<StreamSocket>, connection: StreamSocket) {
                        keep(connection).listen { socket, bytes, _ -> socket.tryWrite(bytes) }
                    }

                    override fun onClose(server: Server<StreamSocket>) {
                        told.add("close")
                    }
                },
            )
        val clients = List(3) { clientOf(server) }
        clients.forEachIndexed { n, client -> client.write("hello $n") }
        clients.forEachIndexed { n, client -> client.readExactly(7).first shouldBe "hello $n" }

        repeat(2) { subscription.close() }
        told.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS) shouldBe "close"
        clients[0].write("still here")
        clients[0].readExactly(10).first shouldBe "still here"
        val late = clientOf(server)
        server.accept().write("by another")
        late.readExactly(10).first shouldBe "by another"
        server.close()
        told.poll(WATCHING_MILLIS, TimeUnit.MILLISECONDS) shouldBe null
        shouldThrow<ClosedChannelException> { server.listen { _, _ -> } }
    }

    scenario("a paused listener of a server leaves connections in the backlog, and so does a paused server") {
        val server = server()
        val taken = AtomicInteger()
        val subscription =
            server.listen { _, connection ->
                taken.incrementAndGet()
                connection.close()
            }
        subscription.pause()
        val first = clientOf(server)
        Thread.sleep(WATCHING_MILLIS)
        taken.get() shouldBe 0
        server.pause()
        subscription.resume()
        Thread.sleep(WATCHING_MILLIS)
        taken.get() shouldBe 0
        server.resume()
        first.readToText() shouldBe ""
        taken.get() shouldBe 1
    }

    scenario("a connection that its listener throws at is closed, and the next is served") {
        val server = server()
        val told = LinkedBlockingQueue<String>()
        server.listen(
            object : ServerListener<StreamSocket> {
                override fun onConnection(server: Server<StreamSocket>, connection: StreamSocket): Unit =
                    error("as asked")

                override fun onError(server: Server<StreamSocket>, error: Throwable) {
                    told.add("${error.message}")
                }
            },
        )
        repeat(2) {
            clientOf(server).readToText() shouldBe ""
            told.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS) shouldBe "as asked"
        }
    }

    scenario("closing a server from its own callback ends it") {
        val server = server()
        val address = server.localAddress()
        server.listen { from, connection ->
            connection.close()
            from.close()
        }
        val client = clientOf(server)
        client.readToText() shouldBe ""
        server.closed().toCompletableFuture().join("closed()")
        shouldThrow<SocketOpException> { Sockets.unixStream().connect(address).close() }
    }
}
