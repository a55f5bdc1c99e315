package dev.ancilla.testkit

import dev.ancilla.Errno
import dev.ancilla.IpFamily
import dev.ancilla.Message
import dev.ancilla.Resolver
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.coroutines.awaitWritable
import dev.ancilla.coroutines.resolver
import dev.ancilla.coroutines.sendAll
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.delay
import kotlinx.coroutines.future.await
import kotlinx.io.Buffer
import java.io.IOException
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.SocketTimeoutException
import java.net.UnknownHostException
import java.nio.channels.ClosedChannelException
import java.time.Duration
import java.util.concurrent.CompletableFuture
import java.util.concurrent.ConcurrentLinkedQueue
import kotlin.concurrent.thread
import dev.ancilla.coroutines.send as sendSuspending

/** Names instead of addresses: who looks them up, in which order, and what if there is no answer. */
internal fun ContractSpec.udpNames() {
    inEveryStyle("O10 row7 the resolver is asked for each name, with the family, and never for a literal") {
        val asked = ConcurrentLinkedQueue<Pair<String, IpFamily>>()
        val resolver =
            Resolver { host, family ->
                asked += host to family
                CompletableFuture.completedFuture(ip("127.0.0.1"))
            }
        val receiver = udp { resolver(resolver).family(IpFamily.IPV4) }
        receiver.async().bind(named("here", 0)).join("bind")
        receiver.localAddress().address shouldBe ip("127.0.0.1")
        val sender = udp { resolver(resolver).family(IpFamily.IPV4) }
        sender.send("to a name", named("there", receiver.port))
        sender.send("to a literal", named("127.0.0.1", receiver.port))
        sender.send("to an address", receiver.localAddress())
        sender.connect(named("peer", receiver.port))
        sender.send("to the peer")

        List(4) { receiver.receiveText() }.shouldContainExactly(
            "to a name",
            "to a literal",
            "to an address",
            "to the peer",
        )
        asked.toList().shouldContainExactly(listOf("here", "there", "peer").map { it to IpFamily.IPV4 })
    }

    scenario("O10 binding to a name without an address fails, and then the socket is bound elsewhere") {
        val socket = udp { resolver { _, _ -> CompletableFuture.failedFuture(IOException("none")) } }
        for (bind in listOf<(InetSocketAddress) -> Unit>(
            { socket.blocking().bind(it, null) },
            { socket.async().bind(it).join("bind") },
        )) {
            shouldThrow<UnknownHostException> { bind(named("nobody", 0)) }.message shouldContain "nobody"
            socket.port shouldBe 0
        }
        socket.bind(loopback())
        udp().send("found", socket.localAddress())
        socket.blocking().receive().use { it.text() shouldBe "found" }
    }

    inEveryStyle("row67 an empty name is the loopback address") {
        val receiver = udpBound()
        udp().send("home", named("", receiver.port))
        receiver.receiveText() shouldBe "home"
    }

    scenario("the platform's resolver knows this machine, and none of its addresses is of another family") {
        val receiver = udpBound()
        udp(IPV4).send("home", named("localhost", receiver.port))
        receiver.receiveText() shouldBe "home"
    }

    scenario("O09 row32 closing during a lookup ends bind, connect and send as closed, and binds nothing") {
        val socket = udp { resolver { _, _ -> CompletableFuture() } }
        val name = named("slow", 9)
        val calls =
            listOf(socket.async().bind(name), socket.async().connect(name)) +
                Style.sending.map { style ->
                    val outcome = CompletableFuture<Unit>()
                    style.send(socket, Message.of("late").to(name)).let { call ->
                        thread {
                            call.result().fold(outcome::complete, outcome::completeExceptionally)
                        }
                    }
                    outcome
                }
        until("the sends wait") { socket.queuedSends() == Style.sending.size }
        socket.close()
        for (call in calls) shouldThrow<ClosedChannelException> { call.join("the call") }
    }

    inEveryStyle("O26 row58 row71 a name without an address fails its own call alone, once") {
        val socket =
            udpBound(ask = {
                resolver {
                    _,
                    _,
                    ->
                    CompletableFuture.failedFuture(IOException("none"))
                }
            })
        val errors = ConcurrentLinkedQueue<Throwable>()
        socket.listen(Errors(errors)).use {
            val failure = shouldThrow<UnknownHostException> { socket.send("lost", named("nobody", 9)) }
            failure.message shouldContain "nobody"
            failure.message shouldContain "none"
        }
        errors.shouldBeEmpty()
    }

    inEveryStyle(
        "O27 row73 each send that cannot be resolved fails, leaves nothing queued, and binds nothing",
    ) {
        val socket = udp { resolver { _, _ -> throw IllegalStateException("out of order") } }
        repeat(3) {
            shouldThrow<UnknownHostException> { socket.send("lost", named("nobody", 9)) }
            socket.queuedSends() shouldBe 0
            socket.queuedBytes() shouldBe 0
            socket.port shouldBe 0
        }
        val receiver = udpBound()
        socket.send("usable", receiver.localAddress())
        receiver.receiveText() shouldBe "usable"
    }

    scenario("O29 row74 sends to a slow name keep their order, and hold up no other target") {
        val slow = CompletableFuture<InetAddress>()
        val receiver = udpBound()
        val sender = udp { resolver { _, _ -> slow.copy() } }
        val first = Async.send(sender, Message.of("1").to(named("slow", receiver.port)))
        val second = Async.send(sender, Message.of("2").to(named("slow", receiver.port)))
        Async.send(sender, Message.of("other").to(receiver.localAddress())).await()

        receiver.receiveText() shouldBe "other"
        (first.isDone || second.isDone) shouldBe false
        sender.queuedSends() shouldBe 2
        slow.complete(ip("127.0.0.1"))
        List(2) { receiver.receiveText() }.shouldContainExactly("1", "2")
    }

    inEveryStyle("row79 a send to a name that is given up was not sent, and its lookup is cancelled") {
        val lookup = CompletableFuture<InetAddress>()
        val receiver = udpBound()
        val sender = udp { resolver { _, _ -> lookup } }
        val call = style.send(sender, Message.of("given up").to(named("slow", receiver.port)))
        until("it waits") { sender.queuedSends() == 1 }
        call.cancel()
        call.expectThrown(if (style === Listening) Async.givenUp else style.givenUp)
        until("the lookup is cancelled") { lookup.isCancelled }
        until("nothing is queued") { sender.queuedSends() == 0 }
        receiver.expectNothing()
    }

    inEveryStyle(
        "O34 row44 connecting to a name without an address fails, and then to another peer succeeds",
    ) {
        val peer = udpBound()
        val socket = udp { resolver { _, _ -> CompletableFuture.failedFuture(IOException("none")) } }
        shouldThrow<UnknownHostException> { socket.connect(named("nobody", 9)) }
        socket.remoteAddress() shouldBe null
        socket.connect(peer.localAddress())
        socket.send("found")
        peer.receiveText() shouldBe "found"
    }

    inEveryStyle(
        "row48 a send without a target says that there is no peer yet while a connect looks one up",
    ) {
        val lookup = CompletableFuture<InetAddress>()
        val peer = udpBound()
        val socket = udp { resolver { _, _ -> lookup } }
        val connecting = socket.async().connect(named("slow", peer.port))
        shouldThrow<SocketOpException> { socket.send("too early") }.errno() shouldBe Errno.EDESTADDRREQ
        lookup.complete(ip("127.0.0.1"))
        connecting.join("connect")
        socket.send("now")
        peer.receiveText() shouldBe "now"
    }

    scenario("a list may have names, and keeps its order") {
        val receiver = udpBound()
        val sender = udp { resolver { _, _ -> CompletableFuture.supplyAsync { ip("127.0.0.1") } } }
        val targets = List(2) { listOf(receiver.localAddress(), named("there", receiver.port)) }.flatten()
        playing { sender.sendAll(targets.mapIndexed { n, target -> Message.of("$n").to(target) }) }
        List(4) { receiver.receiveText() }.shouldContainExactly("0", "1", "2", "3")
    }

    scenario("a buffer goes to a name however long it is, and room there is waited for") {
        val receiver = udpBound()
        val sender = udp { resolver { _, _ -> CompletableFuture.supplyAsync { ip("127.0.0.1") } } }
        val name = named("there", receiver.port)
        for (size in listOf(1, 20_000)) {
            playing {
                sender.awaitWritable(name)
                val buffer = Buffer().apply { write(ByteArray(size)) }
                sender.sendSuspending(buffer, name)
                buffer.size shouldBe 0
            }
            receiver.receive().use { it.size() shouldBe size }
        }
    }

    scenario("a wait for a lookup has its deadline") {
        val socket = udp { resolver { _, _ -> CompletableFuture() } }
        val name = named("slow", 9)
        val soon = Duration.ofMillis(20)
        shouldThrow<SocketTimeoutException> { socket.blocking().bind(name, soon) }
        shouldThrow<SocketTimeoutException> { socket.blocking().connect(name, soon) }
        shouldThrow<SocketTimeoutException> {
            socket.blocking().send(Message.of("late").to(name), soon)
        }
        socket.queuedSends() shouldBe 0
    }

    inEveryStyle("a resolver that suspends answers, and is asked for groups too") {
        val scope = CoroutineScope(Dispatchers.Default)
        val receiver = udpBound()
        val sender =
            udp {
                resolver(scope) { host, _ ->
                    delay(1)
                    ip(if (host == "group") "239.255.7.9" else "127.0.0.1")
                }
            }
        sender.send("looked up", named("there", receiver.port))
        receiver.receiveText() shouldBe "looked up"
        val group = sender.resolve(named("group", 9)).toCompletableFuture().join("resolve").address
        sender.join(group, LOOPBACK).use { it.isValid shouldBe true }
    }

    scenario("row105 the name of a group is looked up first, and its failure is the caller's") {
        val socket =
            udp {
                resolver {
                    host,
                    _,
                    ->
                    CompletableFuture.supplyAsync { ip(host.removePrefix("at-")) }
                }
            }
        val group = playing { socket.resolve(named("at-239.255.7.8", 9)).await().address }
        socket.join(group, LOOPBACK).group() shouldBe ip("239.255.7.8")
        val failing =
            keep(
                Sockets
                    .udp()
                    .resolver {
                        _,
                        _,
                        ->
                        CompletableFuture.failedFuture(IOException())
                    }.open(),
            )
        shouldThrow<UnknownHostException> {
            failing.resolve(named("nobody", 9)).toCompletableFuture().join("resolve")
        }
    }
}
