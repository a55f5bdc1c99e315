package dev.ancilla.junix

import org.newsclub.net.unix.AFUNIXSelectorProvider
import org.newsclub.net.unix.AFUNIXServerSocketChannel
import org.newsclub.net.unix.AFUNIXSocketAddress
import org.newsclub.net.unix.AFUNIXSocketChannel
import org.newsclub.net.unix.FileDescriptorCast
import java.nio.channels.SelectionKey

private class RawStream(backlog: Int = 50) {
    val server: AFUNIXServerSocketChannel =
        AFUNIXServerSocketChannel.open().apply { bind(rawName(), backlog) }

    fun connect(): AFUNIXSocketChannel = AFUNIXSocketChannel.open().apply { connect(server.localAddress) }
}

internal val RAW_STREAMS =
    listOf(
        RawRow("A5", "leaks the descriptors of a pair of streams", "JunixProvider.pairStream") {
            val before = descriptorCount()
            repeat(10) { AFUNIXSelectorProvider.provider().openSocketChannelPair().close() }
            descriptorCount() >= before + 20
        },
        RawRow("A13", "shuts a stream down whose duplicate closes, told not to", "Worker.close") {
            val raw = RawStream()
            val client = raw.connect()
            raw.server.accept()
            val cast = FileDescriptorCast.duplicating(client.fileDescriptor)
            val duplicate = cast.`as`(AFUNIXSocketChannel::class.java)
            duplicate.setShutdownOnClose(false)
            duplicate.close()
            fails { client.write(bytes("x")) }
        },
        RawRow("A14", "loses a peer's last words when a write is refused", "JunixSocket.mendWorker") {
            val raw = RawStream()
            val client = raw.connect()
            raw.server.accept().run {
                write(bytes("last words"))
                close()
            }
            fails { client.write(bytes("x")) } && fails { client.read(room()) }
        },
        RawRow("A16", "takes the address of a server that lives", "Binding.refuseIfExists") {
            val address = AFUNIXSocketAddress.of(rawDirectory().resolve("socket"))
            val first = AFUNIXServerSocketChannel.open().apply { bind(address) }
            first.configureBlocking(false)
            AFUNIXServerSocketChannel.open().bind(address)
            fails { first.accept() }
        },
        RawRow("A21", "calls a stream connected that had no room in the backlog", "Natives.connect") {
            val raw = RawStream(backlog = 1)
            val clients = generateSequence { AFUNIXSocketChannel.open().apply { configureBlocking(false) } }
            val late = clients.take(20).first { !it.connect(raw.server.localAddress) }
            late.isConnected && late.remoteAddress == null
        },
        RawRow("A22", "drops the key of a stream that has bytes to read", "Watch.checkKey") {
            val raw = RawStream()
            val client = raw.connect().apply { configureBlocking(false) }
            raw.server.accept().run {
                write(bytes("ab"))
                close()
            }
            val selector = AFUNIXSelectorProvider.provider().openSelector()
            val key = client.register(selector, SelectionKey.OP_READ)
            selector.select(1_000)
            !key.isValid && client.read(room()) == 2
        },
    )
