package dev.ancilla.benchmarks.peers

import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.fail
import org.newsclub.net.unix.AFUNIXDatagramChannel
import org.newsclub.net.unix.AFUNIXSelectorProvider
import org.newsclub.net.unix.AFUNIXSocketAddress
import java.io.File
import java.io.FileDescriptor
import java.io.FileInputStream
import java.io.RandomAccessFile
import java.nio.channels.Selector

/** junixsocket's channel, with descriptors. */
internal class Junixsocket private constructor(
    job: Job,
    private val channel: AFUNIXDatagramChannel,
    waits: Waits,
) : Nio(job, channel, junixsocketAddressOf(job.peer), waits) {
    private val passed = if (job.fds) passedByJunixsocket() else null

    override fun pass() = channel.setOutboundFileDescriptors(passed)

    override fun closePassed() = closeOnly(channel.receivedFileDescriptors)

    companion object {
        fun of(job: Job): Junixsocket {
            val channel = AFUNIXDatagramChannel.open()
            if (job.fds) channel.ancillaryReceiveBufferSize = 256
            channel.bind(junixsocketAddressOf(job.self))
            return Junixsocket(job, channel, Waits.of(channel, junixsocketSelectorOf(job)))
        }
    }
}

internal fun junixsocketAddressOf(path: String): AFUNIXSocketAddress = AFUNIXSocketAddress.of(File(path))

/** For the styles that are named after it. */
internal fun junixsocketSelectorOf(job: Job): Selector? =
    if ("selector" in job.style) AFUNIXSelectorProvider.provider().openSelector() else null

/** What is passed with a message. */
internal fun passedByJunixsocket(): FileDescriptor = RandomAccessFile("/dev/null", "r").fd

internal fun closeOnly(received: Array<FileDescriptor>?) {
    if (received == null || received.size != 1) fail("a message without its descriptor")
    FileInputStream(received[0]).close()
}
