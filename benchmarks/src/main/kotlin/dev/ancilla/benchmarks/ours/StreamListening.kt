package dev.ancilla.benchmarks.ours

import dev.ancilla.Ancillary
import dev.ancilla.StreamListener
import dev.ancilla.StreamSocket
import dev.ancilla.benchmarks.worker.END_SIZE
import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Pieces
import dev.ancilla.benchmarks.worker.Style
import dev.ancilla.benchmarks.worker.Tally
import dev.ancilla.benchmarks.worker.fail
import java.nio.ByteBuffer

/** A stream's listener, called back on the loop's thread; what goes out, as the style with futures. */
internal class StreamListening private constructor(
    private val job: Job,
    private val futures: StreamFutures,
) : Style by futures {
    constructor(job: Job) : this(job, StreamFutures(job))

    override fun receive(tally: Tally) {
        val pieces = Pieces(job.size, tally)
        listen { _, bytes, ancillary ->
            if (job.fds && bytes.remaining() > END_SIZE) ancillary.take().close()
            pieces.add(bytes)
        }
    }

    override fun echo() = listen { socket, bytes, _ ->
        socket.tryWrite(bytes)
        if (bytes.hasRemaining()) fail("no room for an answer")
    }

    private fun listen(onData: (StreamSocket, ByteBuffer, Ancillary) -> Unit) {
        futures.socket.listen(
            object : StreamListener {
                override fun onData(socket: StreamSocket, bytes: ByteBuffer, ancillary: Ancillary) =
                    onData(socket, bytes, ancillary)

                override fun onEnd(socket: StreamSocket) = fail("the stream has ended")

                override fun onError(socket: StreamSocket, error: Throwable) = fail("$error")
            },
        )
    }
}
