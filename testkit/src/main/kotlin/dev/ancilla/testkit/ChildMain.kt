package dev.ancilla.testkit

import dev.ancilla.DgramSocket
import dev.ancilla.IpFamily
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.Server
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UdpSocket
import dev.ancilla.UnixAddress
import dev.ancilla.UnsupportedFeatureException
import java.io.File
import java.net.InetAddress
import java.net.InetSocketAddress
import java.nio.file.Path
import java.time.Duration

/** What the second processes of the contract do. */
internal object ChildMain {
    @JvmStatic
    fun main(words: Array<String>) {
        when (val task = words[0]) {
            "idle" -> bind(words[1], words[2])
            "stay" -> stay(bind(words[1], words[2]))
            "race" -> race(words[1])
            "bind" -> println(attempt { Sockets.unixDgram().bind(UnixAddress.path(words[1])) })
            "adopt" -> adopt(words[1])
            "adopt-udp" -> adoptUdp(words[1])
            "share" -> share(words[1].toInt())
            "group" -> group(words[1].toInt(), words[2], words.getOrNull(3))
            "send" -> send(words[1], words[2])
            "spin" -> spin()
            "few" -> fewDescriptors(words[1])
            "accept" -> acceptWithoutDescriptors(words[1], StreamStyle.all.single { "$it" == words[2] })
            "wait" -> waitWithoutDescriptors()
            "many" -> manySockets(words[1], words[2].toInt())
            else -> error("no such task: $task")
        }
    }

    /** Binds a socket with a waiting listener, and says where. */
    private fun bind(kind: String, path: String): DgramSocket {
        val socket =
            if (kind == "udp") {
                Sockets.udp().bind(InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            } else {
                Sockets.unixDgram().bind(UnixAddress.path(path))
            }
        socket.listen { listening, datagram ->
            println("got ${datagram.text()}")
            listening.keepProcessAlive(false)
        }
        println((socket.localAddress() as? InetSocketAddress)?.port ?: 0)
        return socket
    }

    /** Keeps the process alive until a message comes. */
    private fun stay(socket: DgramSocket) = socket.keepProcessAlive(true)

    /** Binds over a stale socket at a sign, says who won, and holds on until the input ends. */
    private fun race(path: String) {
        println("ready")
        readln()
        val won = attempt { Sockets.unixDgram().replaceStale().bind(UnixAddress.path(path)) }
        println(won)
        readlnOrNull()
    }

    private fun attempt(bind: () -> DgramSocket): String = try {
        bind()
        "bound"
    } catch (e: SocketOpException) {
        e.errno().name
    }

    /** Makes a socket of the descriptor that comes with a message, and receives with it. */
    private fun adopt(path: String) = adopt(path) { Sockets.unixDgram().adopt(it) }

    private fun adoptUdp(path: String) = adopt(path) { Sockets.udp().prefetch(0).adopt(it) }

    private fun adopt(path: String, adopt: (OwnedFd) -> DgramSocket) {
        Sockets.unixDgram().maxDescriptors(1).bind(UnixAddress.path(path)).use { mailbox ->
            println("ready")
            val descriptor = mailbox.blocking().receive().use { it.ancillary().take() }
            adopt(descriptor).use { adopted ->
                println(adopted.localAddress())
                println(adopted.blocking().receive().use { it.text() })
            }
        }
    }

    /** Shares a port, and tells who asks on it the number of this process. */
    private fun share(port: Int) {
        Sockets.udp().reusePort().bind(InetSocketAddress(InetAddress.getLoopbackAddress(), port)).use {
            it.listen { socket, datagram ->
                val pid = "${ProcessHandle.current().pid()}"
                socket.async().send(Message.of(pid).to(datagram.sender()))
            }
            println("ready")
            readlnOrNull()
        }
    }

    /** Says the first four messages of a group on the loopback interface. */
    private fun group(port: Int, group: String, source: String?) {
        val loopback = UdpSocket.interfaceOf("127.0.0.1")
        Sockets.udp().family(IpFamily.IPV4).reuseAddress().bind(port).use { socket ->
            val address = InetAddress.getByName(group)
            if (source == null) {
                socket.join(address, loopback)
            } else {
                socket.join(address, loopback, InetAddress.getByName(source))
            }
            println("ready")
            repeat(4) { println(socket.blocking().receive().use { it.text() }) }
        }
    }

    /** Sends a message, says so, and lives until the input ends. */
    private fun send(path: String, text: String) {
        Sockets.unixDgram().connect(UnixAddress.path(path)).use {
            it.blocking().send(Message.of(text))
            println("sent")
            readlnOrNull()
        }
    }

    /** Says whether a loop can spin, and what it costs to ask if it cannot. */
    private fun spin() {
        println(Runtime.getRuntime().availableProcessors())
        try {
            Sockets.unixDgram().newEventLoop("ancilla-spinning", Duration.ofNanos(50_000))
            println("spins")
        } catch (e: UnsupportedFeatureException) {
            println("refused ${e.feature()}")
        }
    }

    /** Receives ten messages with twenty descriptors each, when it may open 44 more: 64 less a small JVM's own. */
    private fun fewDescriptors(path: String) {
        Sockets.unixDgram().maxDescriptors(20).bind(UnixAddress.path(path)).use { receiver ->
            println("ready")
            receiver.blocking().receive().use { println(it.ancillary().descriptors().size) }
            readln()
            limitDescriptors(free = 44)
            repeat(10) {
                receiver.blocking().receive().use { datagram ->
                    val ancillary = datagram.ancillary()
                    println("${datagram.text()} ${ancillary.descriptors().size} ${ancillary.truncated()}")
                }
            }
        }
    }

    /** Serves with no descriptor free, says that nobody was accepted, and who is once there is one. */
    private fun acceptWithoutDescriptors(path: String, style: StreamStyle) {
        Sockets.unixServer().listen(UnixAddress.path(path)).use { server ->
            val clients = List(2) { Sockets.unixStream().connect(server.localAddress()) }
            // Classes are loaded from files, for which there is no descriptor below.
            server.pause()
            val first = style.accept(server)
            server.resume()
            first.await().close()
            attempt { Sockets.unixDgram().open().apply { use { tryConnect(UnixAddress.path("/no/such")) } } }
            System
                .getLogger(
                    Server::class.java.name,
                ).log(System.Logger.Level.WARNING, "this is what warnings look like")
            println("ready")
            val file = OwnedFd.open(Path.of("/dev/null"))
            limitDescriptors(free = 2)
            // To open a file may take more than one descriptor, to duplicate one does not.
            val fillers = generateSequence { runCatching(file::duplicate).getOrNull() }.toList()
            check(server.tryAccept() == null) { "there was a descriptor" }
            val accept = style.accept(server)
            Thread.sleep(WATCHING_MILLIS * 2)
            check(!accept.isDone) { "there was a descriptor" }
            (fillers + file).forEach(OwnedFd::close)
            println("waited")
            accept.await().close()
            println("accepted")
            clients.forEach(AutoCloseable::close)
        }
    }

    /** Says what a thread receives that has to wait for it, without a descriptor to wait with. */
    private fun waitWithoutDescriptors() {
        val ends = List(4) { Sockets.udp().bind(InetSocketAddress(InetAddress.getLoopbackAddress(), 0)) }
        val (busy, warm, receiver, sender) = ends
        busy.async().receive() // The loop runs, which takes descriptors too.

        fun exchange(with: DgramSocket): String {
            val call = Style.blocking.receive(with)
            call.expectWaiting()
            sender.trySend(Message.of("came").to(with.localAddress()))
            return call.await().use { it.text() }
        }

        // Classes are loaded from files, for which there is no descriptor below.
        exchange(warm)
        Class.forName("dev.ancilla.spi.Parking")
        println("ready")
        limitDescriptors(free = 0)
        println(exchange(receiver))
        Runtime.getRuntime().halt(0) // Closing, and ending, may load classes too.
    }

    /** The limit of a process is on the numbers of its descriptors: those below it that are free can be had. */
    private fun limitDescriptors(free: Int) {
        val taken = checkNotNull(File("/proc/self/fd").list()).map(String::toInt).toSet()
        val limit = generateSequence(0) { it + 1 }.filterNot(taken::contains).elementAt(free)
        val pid = ProcessHandle.current().pid()
        val status = Forked.run(listOf("prlimit", "--pid", "$pid", "--nofile=$limit:$limit"))
        check(status == 0) { "prlimit ended with $status" }
    }

    /** Says by how many KiB each of many sockets made this process larger that has received one of eleven messages. */
    private fun manySockets(directory: String, count: Int) {
        Sockets.unixDgram().open().use { sender ->
            receiving(sender, directory, 50).forEach(DgramSocket::close)
            val before = residentKib()
            val open = receiving(sender, directory, count)
            println((residentKib() - before) / count)
            open.forEach(DgramSocket::close)
        }
    }

    private fun receiving(sender: DgramSocket, directory: String, count: Int): List<DgramSocket> =
        List(count) {
            val receiver = Sockets.unixDgram().bind(UnixAddress.path("$directory/r$it"))
            val message = Message.of(ByteArray(64)).to(receiver.localAddress())
            var queued = 0
            while (queued < 11 && sender.trySend(message)) queued++
            receiver.blocking().receive().close()
            receiver
        }

    private fun residentKib(): Long {
        repeat(3) { System.gc() } // Of the heap only what is still in use counts.
        return File("/proc/self/status")
            .readLines()
            .first { it.startsWith("VmRSS:") }
            .filter(Char::isDigit)
            .toLong()
    }
}
