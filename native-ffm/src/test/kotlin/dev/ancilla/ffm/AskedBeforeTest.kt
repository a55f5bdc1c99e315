package dev.ancilla.ffm

import dev.ancilla.Ancillary
import dev.ancilla.IpFamily
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.Sockets
import dev.ancilla.StreamSocket
import dev.ancilla.UnixAddress
import dev.ancilla.UnixDgramSocket
import io.kotest.matchers.shouldBe
import java.nio.ByteBuffer
import java.time.Duration

private val PATIENCE = Duration.ofSeconds(20)

/** A socket that is adopted may have been asked to tell things that nobody here asks for. */
class AskedBeforeTest : RowSpec({
    fun socket(type: Int, vararg options: Int) = Sock.open(Abi.AF_UNIX, type, 0).also { fd ->
        options.forEach { Sock.setOption(fd, it, 1) }
    }

    for (options in listOf(
        intArrayOf(Abi.SO_PASSCRED),
        intArrayOf(Abi.SO_PASSCRED, Abi.SO_PASSPIDFD, Abi.SO_TIMESTAMPNS),
        intArrayOf(Abi.SO_PASSSEC, Abi.SO_TIMESTAMP),
    )) {
        row("datagrams bring their descriptors with ${options.toList()} on before, and what that tells") {
            val adopted: UnixDgramSocket =
                Sockets.unixDgram().maxDescriptors(1).adopt(OwnedFd.of(socket(Sock.DGRAM, *options)))
            adopted.use { receiver ->
                receiver.bind(UnixAddress.path(directory.resolve("asked${options.size}${options[0]}")))
                unnamed().use { sender ->
                    repeat(3) {
                        fileWith("$it").use { file -> sender.send("x", receiver.localAddress(), file) }
                        receiver.receive().use { message ->
                            message.ancillary().truncated() shouldBe false
                            message.ancillary().descriptors().single().readText() shouldBe "$it"
                            (message.ancillary().credentials()?.pid() ?: 0) shouldBe
                                if (Abi.SO_PASSCRED in options) ProcessHandle.current().pid() else 0
                        }
                    }
                }
            }
        }
    }

    row("the connections of a server that was asked for credentials before bring their descriptors") {
        val address = UnixAddress.path(directory.resolve("asked-server"))
        val fd = socket(Sock.STREAM, Abi.SO_PASSCRED, Abi.SO_PASSPIDFD)
        Sock.bind(fd, address, false) shouldBe 0
        Sock.listen(fd, 1) shouldBe 0
        Sockets.unixServer().maxDescriptors(1).adopt(OwnedFd.of(fd)).use { server ->
            Sockets.unixStream().connect(address).use { client ->
                server.blocking().accept(PATIENCE).use { accepted -> passesDescriptors(client, accepted) }
            }
        }
    }

    row("a stream that was asked for credentials before brings its descriptors") {
        val ends = Sock.pair(Sock.STREAM)
        ends.forEach { Sock.setOption(it, Abi.SO_PASSCRED, 1) }
        val (client, adopted) =
            ends.map { Sockets.unixStream().maxDescriptors(1).adopt(OwnedFd.of(it)) }
        client.use { adopted.use { passesDescriptors(client, adopted) } }
    }

    row("joined messages are told apart where their times were asked for before") {
        val fd = Sock.open(Abi.AF_INET, Sock.DGRAM, Abi.IPPROTO_UDP)
        Sock.setOption(fd, Abi.IPPROTO_UDP, Abi.UDP_GRO, 1)
        Sock.setOption(fd, Abi.SO_TIMESTAMPNS, 1)
        Sock.setOption(fd, Abi.IPPROTO_IP, Abi.IP_PKTINFO, 1)
        Sockets.udp().adopt(OwnedFd.of(fd)).use { receiver ->
            receiver.bind(at(FOUR))
            Sockets.udp().family(IpFamily.IPV4).open().use { sender ->
                sender.newSendBatch(3, 64).use { batch ->
                    listOf("1", "2", "3").forEach {
                        batch.add(Message.of(it).to(receiver.localAddress())) shouldBe true
                    }
                    sender.blocking().send(batch, PATIENCE)
                }
                receiver.receiveTexts(3) shouldBe listOf("1", "2", "3")
            }
        }
    }
})

private fun passesDescriptors(from: StreamSocket, to: StreamSocket) = repeat(3) {
    fileWith("$it").use { file ->
        from.blocking().write(listOf(ByteBuffer.wrap(byteArrayOf(1))), Ancillary.lend(file), PATIENCE)
    }
    to.blocking().read(listOf(ByteBuffer.allocate(1)), PATIENCE).use { read ->
        read.ancillary().truncated() shouldBe false
        read.ancillary().descriptors().single().readText() shouldBe "$it"
    }
}
