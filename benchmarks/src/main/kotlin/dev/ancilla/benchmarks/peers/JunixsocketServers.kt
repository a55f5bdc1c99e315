package dev.ancilla.benchmarks.peers

import dev.ancilla.benchmarks.worker.DATA
import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Server
import dev.ancilla.benchmarks.worker.dataOf
import dev.ancilla.benchmarks.worker.paths
import org.newsclub.net.unix.AFUNIXDatagramChannel
import org.newsclub.net.unix.AFUNIXSelectorProvider
import org.newsclub.net.unix.AFUNIXSocketAddress
import java.io.File
import java.nio.ByteBuffer
import java.nio.channels.SelectionKey
import kotlin.concurrent.thread

/** Many sockets of junixsocket that answer: a thread each, or one selector. */
internal fun serverOfJunixsocket(job: Job): Server {
    val channels = job.paths().map(::bound)
    return if (job.style == "junixsocket") {
        Server { channels.forEach { thread { block(it, job.size) } } }
    } else {
        Server { select(channels, job.size) }
    }
}

/** One message of junixsocket to itself. */
internal fun firstMessageOfJunixsocket(job: Job) {
    val channel = bound(job.self)
    channel.send(ByteBuffer.wrap(dataOf(16)), AFUNIXSocketAddress.of(File(job.self)))
    val room = ByteBuffer.allocate(16)
    channel.receive(room)
    check(room.get(0) == DATA)
}

private fun bound(path: String): AFUNIXDatagramChannel =
    AFUNIXDatagramChannel.open().apply { bind(AFUNIXSocketAddress.of(File(path))) }

private fun answer(channel: AFUNIXDatagramChannel, room: ByteBuffer): Boolean {
    val sender = channel.receive(room.clear()) ?: return false
    channel.send(room.flip(), sender)
    return true
}

private fun block(channel: AFUNIXDatagramChannel, size: Int) {
    val room = ByteBuffer.allocateDirect(size)
    while (true) answer(channel, room)
}

private fun select(channels: List<AFUNIXDatagramChannel>, size: Int) {
    val selector = AFUNIXSelectorProvider.provider().openSelector()
    for (channel in channels) {
        channel.configureBlocking(false)
        channel.register(selector, SelectionKey.OP_READ)
    }
    val room = ByteBuffer.allocateDirect(size)
    while (true) {
        selector.select()
        for (key in selector.selectedKeys()) answer(key.channel() as AFUNIXDatagramChannel, room)
        selector.selectedKeys().clear()
    }
}
