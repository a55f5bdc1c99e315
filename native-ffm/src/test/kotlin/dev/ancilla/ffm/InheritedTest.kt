package dev.ancilla.ffm

import dev.ancilla.InheritedFd
import dev.ancilla.Message
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.StreamSocket
import dev.ancilla.UnixAddress
import dev.ancilla.spi.SocketKind
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import java.net.InetSocketAddress
import java.nio.ByteBuffer
import java.nio.file.Files
import java.nio.file.Path
import java.time.Duration

/** Becomes a command that has inherited sockets of all kinds, from number 3 on. */
private val SUPERVISOR =
    """
    import fcntl, os, socket, sys
    directory, claimed, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    def bound(kind, name):
        s = socket.socket(socket.AF_UNIX, kind)
        s.bind(directory + "/" + name)
        return s
    server = bound(socket.SOCK_STREAM, "server")
    server.listen()
    left, right = socket.socketpair()
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    tcp = socket.socket()
    tcp.bind(("127.0.0.1", 0))
    tcp.listen()
    pipe = os.pipe()[0]
    letters = bound(socket.SOCK_DGRAM, "letters")
    names = dict(server=server, letters=letters, left=left, right=right, udp=udp, tcp=tcp)
    numbers = [s.fileno() for s in names.values()] + [pipe]
    safe = [fcntl.fcntl(n, fcntl.F_DUPFD_CLOEXEC, 100) for n in numbers]
    for i, n in enumerate(safe):
        os.dup2(n, 3 + i, inheritable=True)
    os.environ["LISTEN_PID"] = str(os.getpid())
    os.environ["LISTEN_FDS"] = claimed
    os.environ["LISTEN_FDNAMES"] = ":".join(list(names) + ["pipe"] * (int(claimed) - len(names)))
    os.execvp(command[0], command)
    """.trimIndent()

private val PATIENCE = Duration.ofSeconds(20)

/** Sockets that another process leaves to one that it starts or becomes. */
class InheritedTest :
    RowSpec({
        row("a process that nobody left anything finds nothing") {
            Sockets.inherited() shouldBe emptyList()
        }

        row("sockets of all kinds are inherited with their names, and adopted") {
            val prefix = listOf("python3", "-c", SUPERVISOR, "$directory", "7")
            PeerProcess.start("inherit", prefix = prefix).use { peer ->
                val told = List(7) { peer.line() }
                told shouldBe
                    listOf(
                        "server UNIX_STREAM listening close-on-exec",
                        "letters UNIX_DGRAM close-on-exec",
                        "left UNIX_STREAM close-on-exec",
                        "right UNIX_STREAM close-on-exec",
                        "udp UDP close-on-exec",
                        "tcp null listening close-on-exec",
                        "pipe null close-on-exec",
                    )
                peer.line() shouldBe "again 0"
                peer.line() shouldBe "left to right: hi"
                unnamed().use { it.send("a letter", UnixAddress.path(directory.resolve("letters"))) }
                peer.line() shouldBe "letter: a letter"
                val port = peer.line().toInt()
                Sockets.udp().connect(InetSocketAddress("127.0.0.1", port)).use { udp ->
                    udp.blocking().send(Message.of("over UDP"))
                }
                peer.line() shouldBe "udp: over UDP"
                Sockets.unixStream().connect(UnixAddress.path(directory.resolve("server"))).use {
                    it.readText() shouldBe "welcome"
                }
            }
        }

        row("what is promised and not there is told, and nothing is taken") {
            val fresh = Files.createDirectory(directory.resolve("fresh"))
            val prefix = listOf("python3", "-c", SUPERVISOR, "$fresh", "98")
            PeerProcess.start("refuse", prefix = prefix).use { peer ->
                peer.line() shouldContain Regex("inherited EBADF: descriptor \\d+ \\(pipe\\) is not open")
                peer.line() shouldBe "open: [3, 4, 5, 6, 7, 8, 9]"
            }
        }

        test("systemd-socket-activate starts a server when somebody connects")
            .config(enabledOrReasonIf = needs("systemd-socket-activate", "--version")) {
                countingDescriptors {
                    val door = directory.resolve("door")
                    val prefix = listOf("systemd-socket-activate", "--fdname=door", "-l", "$door")
                    PeerProcess.start("serve", prefix = prefix).use { peer ->
                        var client: StreamSocket? = null
                        until("it listens") {
                            val address = UnixAddress.path(door)
                            client = runCatching { Sockets.unixStream().connect(address) }.getOrNull()
                            client != null
                        }
                        peer.line() shouldBe "door UNIX_STREAM listening close-on-exec"
                        client!!.use { it.readText() shouldBe "welcome" }
                    }
                }
            }
    })

private fun StreamSocket.readText(): String {
    val target = ByteBuffer.allocate(100)
    do {
        val read = blocking().read(listOf(target), PATIENCE)
    } while (!read.isEnd)
    return String(target.array(), 0, target.position())
}

/** The second processes of these tests. */
internal object Inheriting {
    /** Says what there is, and uses all of it. */
    fun inherit() {
        val found = Sockets.inherited()
        found.forEach(::describe)
        println("again ${Sockets.inherited().size}")
        val byName = found.associateBy(InheritedFd::name)

        fun take(name: String) = byName.getValue(name).descriptor()
        Sockets.unixStream().adopt(take("left")).use { left ->
            left.tryWrite(ByteBuffer.wrap("hi".toByteArray()))
        }
        Sockets.unixStream().adopt(take("right")).use { println("left to right: ${it.readText()}") }
        Sockets.unixDgram().adopt(take("letters")).use { println("letter: ${it.receiveText()}") }
        Sockets.udp().adopt(take("udp")).use { udp ->
            println(udp.localAddress().port)
            println("udp: ${udp.blocking().receive().use { it.text() }}")
        }
        welcome(byName.getValue("server"))
        found.forEach(InheritedFd::close)
    }

    fun refuse() {
        try {
            println("nothing is missing: ${Sockets.inherited()}")
        } catch (e: SocketOpException) {
            println(e.message)
        }
        println("open: ${(3..9).filter { Files.exists(Path.of("/proc/self/fd/$it")) }}")
    }

    fun serve() {
        val door = Sockets.inherited().single()
        describe(door)
        welcome(door)
    }

    private fun welcome(door: InheritedFd) {
        check(door.kind() == SocketKind.UNIX_STREAM && door.listens())
        Sockets.unixServer().adopt(door.descriptor()).use { server ->
            server.blocking().accept().use { it.tryWrite(ByteBuffer.wrap("welcome".toByteArray())) }
        }
    }

    private fun describe(inherited: InheritedFd) {
        val flags =
            Files
                .readAllLines(Path.of("/proc/self/fdinfo/${inherited.descriptor().number()}"))
                .single { it.startsWith("flags:") }
                .substringAfter(':')
                .trim()
                .toInt(8)
        val listens = if (inherited.listens()) " listening" else ""
        val closes = if (flags and Abi.O_CLOEXEC != 0) " close-on-exec" else ""
        println("${inherited.name()} ${inherited.kind()}$listens$closes")
    }
}
