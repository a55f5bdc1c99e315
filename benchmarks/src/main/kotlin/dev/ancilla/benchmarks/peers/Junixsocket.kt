package dev.ancilla.benchmarks.peers

import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.fail
import org.newsclub.net.unix.AFUNIXDatagramChannel
import org.newsclub.net.unix.AFUNIXSelectorProvider
import org.newsclub.net.unix.AFUNIXSocketAddress
import java.io.File
import java.io.FileInputStream
import java.io.RandomAccessFile

/** junixsocket's channel, with descriptors. */
internal class Junixsocket private constructor(
    job: Job,
    private val channel: AFUNIXDatagramChannel,
    waits: Waits,
) : Nio(job, channel, addressOf(job.peer), waits) {
    private val passed = if (job.fds) RandomAccessFile("/dev/null", "r").fd else null

    override fun pass() = channel.setOutboundFileDescriptors(passed)

    override fun closePassed() {
        val received = channel.receivedFileDescriptors
        if (received == null || received.size != 1) fail("a message without its descriptor")
        FileInputStream(received[0]).close()
    }

    companion object {
        fun of(job: Job): Junixsocket {
            val channel = AFUNIXDatagramChannel.open()
            if (job.fds) channel.ancillaryReceiveBufferSize = 256
            channel.bind(addressOf(job.self))
            val waits =
                if ("selector" in job.style) {
                    Waits.Selecting(channel, AFUNIXSelectorProvider.provider().openSelector())
                } else {
                    Waits.Never
                }
            return Junixsocket(job, channel, waits)
        }

        private fun addressOf(path: String) = AFUNIXSocketAddress.of(File(path))
    }
}
