package dev.ancilla.ffm

import dev.ancilla.Message
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.UnixSeqpacketSocket
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.shouldBe
import java.io.EOFException
import java.time.Duration
import java.util.concurrent.CompletableFuture
import kotlin.io.path.writeText

private val PATIENCE = Duration.ofSeconds(20)

/** Greets with a descriptor, tells what is in the one that comes, sends nothing, and ends. */
private val TALK =
    """
    import os, socket, sys
    def talk(s, name):
        socket.send_fds(s, [b"from ", b"python"], [os.open(name, os.O_RDONLY)])
        data, fds, flags, _ = socket.recv_fds(s, 1000, 4)
        with os.fdopen(fds[0]) as f:
            s.send(data + b": " + f.read().encode())
        s.send(b"")
        s.shutdown(socket.SHUT_WR)
        while s.recv(1000):
            pass
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    role, address, name = sys.argv[1:]
    if role == "client":
        s.connect(address)
        talk(s, name)
    else:
        s.bind(address)
        s.listen()
        talk(s.accept()[0], name)
    """.trimIndent()

/** Sequenced packets with a peer that is not ours. */
class SeqpacketPeersTest :
    RowSpec({
        fun python(role: String, address: String): List<String> {
            val file = directory.resolve("theirs").also { it.writeText("python's") }
            return listOf("python3", "-c", TALK, role, address, "$file")
        }

        fun talk(socket: UnixSeqpacketSocket) {
            socket.blocking().receive(PATIENCE).use { greeting ->
                greeting.text() shouldBe "from python"
                greeting.ancillary().take().use { String(it.inputStream().readBytes()) } shouldBe "python's"
            }
            fileWith("Java's").use { socket.blocking().send(Message.of("from Java").with(it), PATIENCE) }
            socket.text() shouldBe "from Java: Java's"
            socket.text() shouldBe ""
            shouldThrow<EOFException> { socket.blocking().receive(PATIENCE) }
            socket.shutdownOutput()
        }

        row("python3 connects, and packets go both ways with descriptors") {
            val address = directory.resolve("ours")
            Sockets.unixSeqpacketServer().maxDescriptors(1).listen(UnixAddress.path(address)).use { server ->
                val peer = CompletableFuture.supplyAsync { run(python("client", "$address")) }
                server.blocking().accept(PATIENCE).use(::talk)
                expectDone(peer.join())
            }
        }

        row("python3 listens, and packets go both ways with descriptors") {
            val address = UnixAddress.path(directory.resolve("their-own"))
            val peer = CompletableFuture.supplyAsync { run(python("server", "${address.toPath()}")) }
            Sockets.unixSeqpacket().maxDescriptors(1).open().use { socket ->
                until("it listens") { runCatching { socket.tryConnect(address) }.getOrDefault(false) }
                talk(socket)
                expectDone(peer.join())
            }
        }
    })

private fun UnixSeqpacketSocket.text() = blocking().receive(PATIENCE).use { it.text() }

private fun expectDone(run: Finished) = withOutput(run) { run.code shouldBe 0 }
