package dev.ancilla.ffm

import dev.ancilla.Socket
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import java.io.IOException
import java.net.InetSocketAddress
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.createFile

/** Says what it has: the process that has become it, the variables, descriptors, and a message. */
private val SUCCESSOR =
    """
    import os, socket, sys
    me = str(os.getpid())
    print(os.environ["LISTEN_PID"] == me, os.environ["LISTEN_FDS"], os.environ["LISTEN_FDNAMES"])
    found = [n for n in map(int, os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd/%d" % n)]
    print(found, [os.get_blocking(n) for n in (3, 4, 5, 6)], [os.get_inheritable(n) for n in (3, 4, 5, 6)])
    print([l.split()[1] for l in open("/proc/self/status") if l.startswith("SigBlk")])
    sockets = [socket.socket(fileno=n) for n in (3, 4, 5, 6)]
    print([s.type.name for s in sockets], flush=True)
    print(sockets[1].recv(100).decode(), flush=True)
    """.trimIndent()

/** A process that becomes another program. */
class ExecTest :
    RowSpec({
        row("a program has the sockets that are left to it, and a refused one changes nothing") {
            val letters = directory.resolve("letters")
            val empty = directory.resolve("empty").createFile().also { it.toFile().setExecutable(true) }
            PeerProcess.start("exec", "$letters", "$empty", SUCCESSOR).use { peer ->
                peer.line() shouldBe "java.nio.file.FileSystemException: $empty: Exec format error"
                peer.line() shouldBe "java.nio.file.NoSuchFileException: nonesuch"
                peer.line() shouldContain "exec: the socket is closed"
                peer.line() shouldBe "as before"
                peer.line() shouldBe "True 4 door:letters:door:udp"
                peer.line() shouldBe "[0, 1, 2, 3, 4, 5, 6] [True, True, True, True] [True, True, True, True]"
                peer.line() shouldBe "['0000000000000000']"
                peer.line() shouldBe "['SOCK_STREAM', 'SOCK_DGRAM', 'SOCK_SEQPACKET', 'SOCK_DGRAM']"
                unnamed().use { it.send("a letter", UnixAddress.path(letters)) }
                peer.line() shouldBe "a letter"
            }
        }
    })

/** The process that becomes another. */
internal object Becoming {
    fun exec(letters: Path, empty: Path, successor: String) {
        val sockets =
            linkedMapOf<Socket, String>(
                Sockets.unixServer().listen(UnixAddress.autobind()) to "door",
                Sockets.unixDgram().bind(UnixAddress.path(letters)) to "letters",
                Sockets.unixSeqpacketServer().listen(UnixAddress.autobind()) to "door",
                Sockets.udp().bind(InetSocketAddress("127.0.0.1", 0)) to "udp",
            )
        val closed = Sockets.unixDgram().open().also { it.close() }
        // Not close-on-exec, as all that Java itself opens.
        val open = Files.newInputStream(empty)
        // The first call loads what it needs.
        runCatching { Sockets.exec(listOf("$empty"), sockets) }
        val before = descriptors()
        tellRefusal { Sockets.exec(listOf("$empty"), sockets) }
        tellRefusal { Sockets.exec(listOf("nonesuch"), sockets) }
        tellRefusal { Sockets.exec(listOf("true"), sockets + (closed to "closed")) }
        val after = descriptors()
        println(if (after == before) "as before" else "before $before, after $after")
        Sockets.exec(listOf("python3", "-c", successor), sockets)
        open.close()
    }

    private fun tellRefusal(exec: () -> Unit) {
        try {
            exec()
            println("it returned")
        } catch (e: IOException) {
            println(e)
        }
    }

    /** What is open, and how: as close-on-exec, as non-blocking. */
    private fun descriptors(): Map<String, List<String>> =
        Files.newDirectoryStream(Path.of("/proc/self/fd")).use { open ->
            open
                .filter { Files.isReadable(Path.of("/proc/self/fdinfo/${it.fileName}")) }
                .associate {
                    val info = Files.readAllLines(Path.of("/proc/self/fdinfo/${it.fileName}"))
                    "${it.fileName}" to
                        info.filter { line -> line.startsWith("flags:") } + "${Files.readSymbolicLink(it)}"
                }
        }
}
