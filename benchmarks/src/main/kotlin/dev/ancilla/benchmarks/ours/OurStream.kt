package dev.ancilla.benchmarks.ours

import dev.ancilla.Ancillary
import dev.ancilla.Sockets
import dev.ancilla.StreamRead
import dev.ancilla.StreamSocket
import dev.ancilla.UnixAddress
import dev.ancilla.benchmarks.worker.END_SIZE
import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Pieces
import dev.ancilla.benchmarks.worker.Style
import dev.ancilla.benchmarks.worker.dataOf
import dev.ancilla.benchmarks.worker.direct
import dev.ancilla.benchmarks.worker.room
import java.nio.ByteBuffer

/** What the styles of this library share over a stream: a connection, and what goes through it. */
internal abstract class OurStream(protected val job: Job) : Style {
    private val descriptors = if (job.fds) 1 else 0
    private val server =
        if (job.role.active) {
            null
        } else {
            Sockets.unixServer().maxDescriptors(descriptors).listen(UnixAddress.path(job.self))
        }

    lateinit var socket: StreamSocket
        private set

    /** What is sent, used again for each message, as a program does that sends much. */
    private val payload = direct(dataOf(job.size))
    val data: ByteBuffer get() = payload.rewind()
    val beside: Ancillary = if (job.fds) aDescriptor() else Ancillary.none()

    /** Where what comes is read to. */
    val room: ByteBuffer = ByteBuffer.allocateDirect(job.room)

    override fun connect() {
        socket = server?.use { it.blocking().accept() }
            ?: Sockets.unixStream().maxDescriptors(descriptors).connect(UnixAddress.path(job.peer))
    }

    /** Counts what was read to [room], taking the descriptor, which comes with one message. */
    fun count(pieces: Pieces, read: StreamRead) = read.use {
        if (job.fds && it.count() > END_SIZE) it.ancillary().take().close()
        pieces.add(room.flip())
    }

    fun checkGoesOn(read: StreamRead) = check(!read.isEnd) { "the stream has ended" }
}

internal fun ourStreamOf(job: Job): Style = when (job.style) {
    "blocking" -> StreamBlocking(job)
    "suspend" -> StreamSuspending(job, onLoop = true)
    "default" -> StreamSuspending(job, onLoop = false)
    "async" -> StreamFutures(job)
    "listener" -> StreamListening(job)
    else -> error("no style ${job.style} of streams")
}
