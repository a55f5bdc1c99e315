package dev.ancilla.benchmarks.ours

import dev.ancilla.Ancillary
import dev.ancilla.Datagram
import dev.ancilla.DgramSocket
import dev.ancilla.IpFamily
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.SendBatch
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.benchmarks.worker.END_SIZE
import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Mode
import dev.ancilla.benchmarks.worker.RECEIVE_BUFFER
import dev.ancilla.benchmarks.worker.Style
import dev.ancilla.benchmarks.worker.Tally
import dev.ancilla.benchmarks.worker.dataOf
import dev.ancilla.benchmarks.worker.direct
import dev.ancilla.benchmarks.worker.inetAddressOf
import dev.ancilla.benchmarks.worker.isUdp
import java.net.SocketAddress
import java.nio.ByteBuffer
import java.nio.file.Path
import java.time.Duration

/** What the styles of this library share: a socket, and what goes out through it. */
internal abstract class Ours(protected val job: Job) : Style {
    val socket: DgramSocket = opened(job, job.self)
    val target: SocketAddress? = if (job.mode == Mode.UNCONNECTED) addressOf(job.peer) else null

    /** What is sent: used again for each message, as a program does that sends much. */
    private val payload: ByteBuffer = ByteBuffer.wrap(dataOf(job.size))
    val data: ByteBuffer get() = payload.rewind()
    val dataWithFd: Message =
        Message.of(dataOf(job.size)).to(target).with(if (job.fds) aDescriptor() else Ancillary.none())

    /** What goes joined lies one behind the other, as it does in C. */
    private val joined: ByteBuffer by lazy {
        direct(dataOf(job.size).let { data -> ByteArray(job.sendBatch * data.size) { data[it % data.size] } })
    }

    override fun connect() {
        check(socket.tryConnect(addressOf(job.peer)))
    }

    /** Fills a batch to its end. */
    fun fill(batch: SendBatch) {
        if (job.offload) {
            check(batch.add(joined.rewind(), job.size, target) == batch.capacity())
        } else {
            batch.fill { if (job.fds) add(dataWithFd) else add(data, target) }
        }
    }
}

/** What is passed with a message. */
internal fun aDescriptor(): Ancillary = Ancillary.lend(OwnedFd.open(Path.of("/dev/null")))

/** Opens a socket as its style wants it; those named "spin" look for work for a while before they sleep. */
internal fun opened(job: Job, name: String): DgramSocket = if (name.isUdp) {
    Sockets.udp().family(IpFamily.IPV4).receiveBufferSize(RECEIVE_BUFFER).bind(inetAddressOf(name))
} else {
    openedUnix(job, name)
}

internal fun addressOf(name: String): SocketAddress =
    if (name.isUdp) inetAddressOf(name) else UnixAddress.path(name)

private fun openedUnix(job: Job, path: String): DgramSocket {
    val builder = Sockets.unixDgram()
    if (job.fds) builder.maxDescriptors(1)
    if (job.style.endsWith(
            "spin",
        )
    ) {
        builder.eventLoop(builder.newEventLoop("spinning", Duration.ofNanos(50_000)))
    }
    return builder.bind(UnixAddress.path(path))
}

/** Counts a message as a receiver that looks at all of it. */
internal fun Tally.add(datagram: Datagram) {
    val payload = datagram.payload()
    if (fds && datagram.size() > END_SIZE) datagram.ancillary().take().close()
    add(payload, datagram.sender() != null)
}

internal fun oursOf(job: Job): Style = when (job.style) {
    "blocking", "blocking-spin" -> Blocking(job)
    "suspend", "suspend-spin" -> Suspending(job, onLoop = true)
    "default" -> Suspending(job, onLoop = false)
    "flow" -> Flowing(job)
    "batch" -> SuspendingBatches(job, onLoop = true)
    "batch-default" -> SuspendingBatches(job, onLoop = false)
    "batch-blocking" -> BlockingBatches(job)
    "list" -> Lists(job)
    "async" -> Futures(job)
    "listener" -> Listening(job)
    else -> error("no style ${job.style}")
}
