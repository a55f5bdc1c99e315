package dev.ancilla.benchmarks.peers

import dev.ancilla.benchmarks.worker.Job
import org.newsclub.net.unix.AFUNIXServerSocketChannel
import org.newsclub.net.unix.AFUNIXSocketChannel
import java.nio.channels.Selector

/** junixsocket's channel of a stream, with descriptors. */
internal class JunixsocketStream private constructor(
    job: Job,
    selector: Selector?,
    opened: () -> AFUNIXSocketChannel,
) : NioStream<AFUNIXSocketChannel>(job, selector, opened) {
    private val passed = if (job.fds) passedByJunixsocket() else null

    override fun pass() = channel.setOutboundFileDescriptors(passed)

    override fun closePassed() = closeOnly(channel.receivedFileDescriptors)

    companion object {
        fun of(job: Job): JunixsocketStream {
            val server = if (job.role.active) null else junixsocketServerAt(job.self)
            return JunixsocketStream(job, junixsocketSelectorOf(job)) {
                val channel =
                    server?.use { it.accept() } ?: AFUNIXSocketChannel.open(junixsocketAddressOf(job.peer))
                if (job.fds) channel.ancillaryReceiveBufferSize = 256
                channel
            }
        }
    }
}

internal fun junixsocketServerAt(path: String): AFUNIXServerSocketChannel =
    AFUNIXServerSocketChannel.open().apply { bind(junixsocketAddressOf(path)) }
