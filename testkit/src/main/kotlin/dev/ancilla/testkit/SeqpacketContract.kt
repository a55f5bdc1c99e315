package dev.ancilla.testkit

import dev.ancilla.Datagram
import dev.ancilla.DgramListener
import dev.ancilla.DgramSocket
import dev.ancilla.Errno
import dev.ancilla.Feature
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.UnixSeqpacketSocket
import dev.ancilla.UnsupportedFeatureException
import dev.ancilla.coroutines.answerEach
import dev.ancilla.coroutines.channel
import dev.ancilla.coroutines.incoming
import dev.ancilla.coroutines.sendAll
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.ints.shouldBeGreaterThan
import io.kotest.matchers.ints.shouldBeLessThan
import io.kotest.matchers.nulls.shouldBeNull
import io.kotest.matchers.nulls.shouldNotBeNull
import io.kotest.matchers.shouldBe
import io.kotest.matchers.types.shouldBeInstanceOf
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import java.io.EOFException
import java.net.SocketTimeoutException
import java.net.StandardProtocolFamily
import java.nio.channels.AlreadyConnectedException
import java.nio.channels.ClosedChannelException
import java.nio.channels.ServerSocketChannel
import java.nio.file.Files
import java.nio.file.Path
import java.time.Duration
import java.util.concurrent.CompletableFuture
import java.util.concurrent.atomic.AtomicInteger
import dev.ancilla.coroutines.receive as receiveSuspending

/**
 * What Unix sequenced packets do on [provider]. Each test, in each style, must leave the descriptors
 * and the library's threads as they were.
 */
abstract class SeqpacketContract(private val provider: String) : FunSpec() {
    private var warm = false

    init {
        seqpacketMessages()
        seqpacketEnds()
        seqpacketConnections()
    }

    internal fun scenario(name: String, play: SeqpacketScene.() -> Unit) =
        register(name, Style.blocking, play)

    internal fun inEveryStyle(
        name: String,
        styles: List<Style> = Style.all,
        play: SeqpacketScene.() -> Unit,
    ) = styles.forEach { style -> register("$name ($style)", style, play) }

    private fun register(name: String, style: Style, play: SeqpacketScene.() -> Unit) {
        test(name) {
            warmUp()
            val before = Census.take()
            SeqpacketScene(style).use(play)
            before.expectUnchanged()
        }
    }

    /** The JVM and the providers open some descriptors once, and keep them. */
    private fun warmUp() {
        if (warm) return
        warm = true
        ServerSocketChannel.open(StandardProtocolFamily.UNIX).close()
        Style.all.forEach { style ->
            SeqpacketScene(style).use { scene ->
                with(scene) {
                    val (left, right) = pair()
                    check(left.provider() == provider) { "this is ${left.provider()}" }
                    left.send("warm", fileWith("warm"))
                    right.receive().close()
                }
            }
        }
        until("the loops have ended") { Census.take().isQuiet }
    }
}

/** Where one test of sequenced packets plays, in its style. */
internal class SeqpacketScene(val style: Style) : AutoCloseable {
    private val kept = ArrayDeque<AutoCloseable>()
    private var files = 0

    private val directory: Path by lazy {
        Files.createTempDirectory("ancilla").also { made ->
            kept.addLast(AutoCloseable { made.toFile().deleteRecursively() })
        }
    }

    fun <T : AutoCloseable> keep(it: T): T = it.also(kept::addFirst)

    fun fileWith(text: String): OwnedFd = keep(newFile(directory, text))

    fun freshAddress(): UnixAddress = UnixAddress.path(directory.resolve("s${files++}"))

    fun open(): UnixSeqpacketSocket = keep(Sockets.unixSeqpacket().maxDescriptors(4).open())

    fun pair(): Pair<UnixSeqpacketSocket, UnixSeqpacketSocket> =
        keep(Sockets.unixSeqpacket().maxDescriptors(4).pair()).let { it.left() to it.right() }

    fun UnixSeqpacketSocket.send(text: String, vararg descriptors: OwnedFd) =
        style.send(this, Message.of(text).with(*descriptors)).await()

    fun UnixSeqpacketSocket.receive(): Datagram = style.receive(this).await()

    fun UnixSeqpacketSocket.receiveText(): String = receive().use { it.text() }

    /** Meets the end of the connection, as the style tells it. */
    fun UnixSeqpacketSocket.expectEnd() {
        val met = style.receive(this).result().exceptionOrNull()
        if (style is Listening) {
            met.shouldBeInstanceOf<ClosedChannelException>() // Its subscription is closed.
        } else {
            met.shouldBeInstanceOf<EOFException>()
        }
        isOpen shouldBe true
    }

    override fun close() = kept.forEach(AutoCloseable::close)
}

/** Messages, with what rides beside them. */
private fun SeqpacketContract.seqpacketMessages() {
    inEveryStyle("packets keep their boundaries and their order, both ways, with their descriptors") {
        val (left, right) = pair()
        left.send("one")
        left.send("two", fileWith("a"), fileWith("b"))
        left.send("x".repeat(100_000))
        right.receiveText() shouldBe "one"
        val two = right.receive()
        two.text() shouldBe "two"
        two.readDescriptors() shouldBe listOf("a", "b")
        right.receive().use { it.size() } shouldBe 100_000
        right.send("back", fileWith("c"))
        left.receive().readDescriptors() shouldBe listOf("c")
    }

    inEveryStyle("a slow receiver makes the sender wait, and loses nothing", Style.sending) {
        val (left, right) = pair()
        var sent = 0
        while (left.trySend(Message.of("packet $sent"))) sent++
        sent shouldBeGreaterThan 1
        val late = style.send(left, Message.of("packet $sent"))
        late.expectWaiting()
        for (n in 0 until sent) right.receiveText() shouldBe "packet $n"
        late.await()
        right.receiveText() shouldBe "packet $sent"
    }

    inEveryStyle("a receive that is given up has received nothing") {
        val (left, right) = pair()
        val given = style.receive(right)
        given.expectWaiting()
        given.cancel()
        given.expectThrown(style.givenUp)
        left.send("still there")
        right.receiveText() shouldBe "still there"
    }

    inEveryStyle("batches bring packets, and then the end", Style.batching) {
        val (left, right) = pair()
        left.newSendBatch(8).use { batch ->
            repeat(5) { batch.add(Message.of(if (it == 3) "" else "$it")) }
            style.sendBatch(left, batch).await()
        }
        left.shutdownOutput()
        right.newReceiveBatch(8).use { batch ->
            style.receiveBatch(right, batch).await() shouldBe 5
            List(5) { "${Charsets.UTF_8.decode(batch.payload(it))}" } shouldBe listOf("0", "1", "2", "", "4")
            repeat(2) {
                style.receiveBatch(right, batch).result().exceptionOrNull().shouldBeInstanceOf<EOFException>()
            }
        }
    }

    scenario("lists go over one connection after another, and over one that is new") {
        val pairs = List(2) { pair() }
        playing {
            repeat(2) {
                for ((left, right) in pairs) {
                    left.sendAll(listOf(Message.of("1"), Message.of("2")))
                    List(2) { right.receiveText() } shouldBe listOf("1", "2")
                }
            }
        }
    }

    scenario("questions are answered over their connection, whether their peer has a name or not") {
        val server = keep(Sockets.unixSeqpacketServer().listen(freshAddress()))
        for (name in listOf(null, freshAddress())) {
            val client = open()
            if (name != null) client.bind(name)
            client.tryConnect(server.localAddress()) shouldBe true
            val accepted = keep(server.blocking().accept())
            playing {
                val answering = launch { accepted.answerEach { Message.of("to ${it.text()}") } }
                client.send("you")
                val answer = withTimeout(PATIENCE_MILLIS) { client.receiveSuspending().use { it.text() } }
                answer shouldBe "to you"
                client.shutdownOutput()
                answering.join()
            }
        }
    }

    scenario("packets go to the peer only, also those of a batch") {
        val (left, right) = pair()
        val other = freshAddress()
        shouldThrow<IllegalArgumentException> { left.trySend(Message.of("x").to(other)) }
        left.newSendBatch(1).use { batch ->
            shouldThrow<IllegalArgumentException> { batch.add(Message.of("x").to(other)) }
        }
        keep(Sockets.unixDgram().open()).newSendBatch(1).use { foreign ->
            foreign.add(Message.of("x").to(other))
            shouldThrow<IllegalArgumentException> { left.trySend(foreign) }
        }
        right.tryReceive().shouldBeNull()
    }
}

/** The end of a connection. */
private fun SeqpacketContract.seqpacketEnds() {
    inEveryStyle("an empty packet is a message, and the end is not") {
        val (left, right) = pair()
        left.send("")
        right.receiveText() shouldBe ""
        left.send("")
        left.send("", fileWith("a"))
        left.send("last")
        left.shutdownOutput()
        right.receiveText() shouldBe ""
        right.receive().readDescriptors() shouldBe listOf("a")
        right.receiveText() shouldBe "last"
        repeat(3) { right.expectEnd() }
        right.send("the other way goes on")
        left.receiveText() shouldBe "the other way goes on"
    }

    inEveryStyle("a receive that waits is told of the end") {
        val (left, right) = pair()
        val waiting = style.receive(right)
        waiting.expectWaiting()
        left.close()
        waiting.result().isFailure shouldBe true
        right.expectEnd()
        val refused = shouldThrow<SocketOpException> { right.trySend(Message.of("x")) }
        refused.errno() shouldBe Errno.EPIPE
    }

    scenario("a listener of a socket that is not connected yet is told so, and not all the time") {
        val server = keep(Sockets.unixSeqpacketServer().listen(freshAddress()))
        val client = open()
        val errors = AtomicInteger()
        val got = CompletableFuture<String>()
        client.listen(
            object : DgramListener {
                override fun onMessage(socket: DgramSocket, datagram: Datagram) {
                    got.complete(datagram.text())
                }

                override fun onError(socket: DgramSocket, error: Throwable) {
                    errors.incrementAndGet()
                }
            },
        )
        until("it is told") { errors.get() > 0 }
        Thread.sleep(WATCHING_MILLIS)
        errors.get() shouldBeLessThan 50

        client.tryConnect(server.localAddress()) shouldBe true
        keep(server.blocking().accept()).send("here")
        got.join("a message") shouldBe "here"
    }

    scenario("what was not received is told to its sender, once") {
        val (left, right) = pair()
        left.send("nobody reads this")
        right.close()
        val reset = shouldThrow<SocketOpException> { left.tryReceive() }
        reset.errno() shouldBe Errno.ECONNRESET
        left.expectEnd()
    }

    scenario("an input that was shut down ends, and its peer cannot send") {
        val (left, right) = pair()
        right.shutdownInput()
        right.expectEnd()
        val refused = shouldThrow<SocketOpException> { left.trySend(Message.of("x")) }
        refused.errno() shouldBe Errno.EPIPE
    }

    scenario("flows and channels complete at the end") {
        val (left, right) = pair()
        left.send("1")
        left.send("")
        left.send("3")
        left.shutdownOutput()
        runBlocking {
            right.incoming().map { it.text() }.toList() shouldBe listOf("1", "", "3")
            right.send("back")
            right.shutdownOutput()
            coroutineScope {
                val channel = left.channel(this)
                channel.incoming.receive().use { it.text() } shouldBe "back"
                channel.incoming.receiveCatching().isClosed shouldBe true
                channel.close()
            }
        }
    }
}

/** Servers, connecting, adopting, and who is there. */
private fun SeqpacketContract.seqpacketConnections() {
    inEveryStyle("a server accepts packets, and connecting waits for a full backlog") {
        val server = keep(Sockets.unixSeqpacketServer().backlog(0).maxDescriptors(1).listen(freshAddress()))
        val first = open()
        style.connect(first, server.localAddress()).await()
        val late = open()
        late.tryConnect(server.localAddress()) shouldBe false
        val connect = style.connect(late, server.localAddress())
        connect.expectWaiting()
        val accepted = keep(server.blocking().accept())
        connect.await()
        first.send("hello", fileWith("a"))
        accepted.maxDescriptors() shouldBe 1
        accepted.receive().readDescriptors() shouldBe listOf("a")
        keep(server.blocking().accept()).send("to the late one")
        late.receiveText() shouldBe "to the late one"
        shouldThrow<AlreadyConnectedException> { first.tryConnect(server.localAddress()) }
        shouldThrow<SocketTimeoutException> { server.blocking().accept(Duration.ofMillis(20)) }
    }

    scenario("listeners serve connections and their packets, to the end of each") {
        val server = keep(Sockets.unixSeqpacketServer().maxDescriptors(1).listen(freshAddress()))
        val ended = CompletableFuture<Unit>()
        server.listen { _, connection ->
            keep(connection).listen(
                object : DgramListener {
                    override fun onMessage(socket: DgramSocket, datagram: Datagram) {
                        socket.trySend(Message.of(datagram.bytes()))
                    }

                    override fun onClose(socket: DgramSocket) {
                        ended.complete(Unit)
                    }
                },
            )
        }
        val file = fileWith("a")
        val client = open().also { it.tryConnect(server.localAddress()) shouldBe true }
        client.send("one", file)
        client.send("")
        List(2) { client.receiveText() } shouldBe listOf("one", "")
        client.shutdownOutput()
        ended.join("the connection's end")
    }

    scenario("a peer is known, by the kernel and by its name") {
        val server = keep(Sockets.unixSeqpacketServer().listen(freshAddress()))
        val client = open()
        val name = freshAddress()
        client.bind(name)
        client.tryConnect(server.localAddress()) shouldBe true
        val accepted = keep(server.blocking().accept())
        accepted.remoteAddress() shouldBe name
        client.send("who am I")
        accepted.receive().use { it.sender() } shouldBe name
        for (end in listOf(client, accepted)) {
            end.peerCredentials().pid() shouldBe ProcessHandle.current().pid()
            if (Feature.PEER_PIDFD in end.features()) end.peerPidfd().close()
        }
        client.close()
        Files.exists(name.toPath()) shouldBe false
    }

    scenario("what a connection cannot do is refused") {
        val (left, _) = pair()
        shouldThrow<UnsupportedFeatureException> { left.disconnect() }.feature() shouldBe Feature.DISCONNECT
        shouldThrow<SocketOpException> { open().trySend(Message.of("x")) }.errno() shouldBe Errno.ENOTCONN
        val stream = keep(Sockets.unixServer().listen(freshAddress()))
        shouldThrow<SocketOpException> { open().tryConnect(stream.localAddress()) }.errno() shouldBe
            Errno.EPROTOTYPE
    }

    scenario("a packet that is longer than the limit is cut and says so") {
        val pair = keep(Sockets.unixSeqpacket().limit(3).pair())
        pair.left().send("longer")
        pair.right().receive().use {
            it.text() shouldBe "lon"
            it.truncated() shouldBe true
            it.ancillary().timestamp().shouldNotBeNull()
        }
    }

    scenario("connections and servers are adopted, other sockets refused") {
        val before = Census.take()
        val server = keep(Sockets.unixSeqpacketServer().listen(freshAddress()))
        val listening = keep(duplicateSince(before))
        shouldThrow<SocketOpException> { Sockets.unixSeqpacket().adopt(listening) }.errno() shouldBe
            Errno.EINVAL
        shouldThrow<SocketOpException> { Sockets.unixServer().adopt(listening) }.errno() shouldBe
            Errno.EPROTOTYPE
        val adopted = keep(Sockets.unixSeqpacketServer().adopt(listening))
        val client = open()
        client.tryConnect(server.localAddress()) shouldBe true
        keep(adopted.blocking().accept()).send("adopted")
        client.receiveText() shouldBe "adopted"
    }
}
