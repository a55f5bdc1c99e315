package dev.ancilla.ffm.stress

import dev.ancilla.Datagram
import dev.ancilla.DgramListener
import dev.ancilla.DgramSocket
import dev.ancilla.Errno
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.ReceiveBatch
import dev.ancilla.SendBatch
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.UnixDgramSocket
import dev.ancilla.spi.Interest
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldBeEmpty
import java.net.SocketTimeoutException
import java.nio.channels.ClosedChannelException
import java.time.Duration
import java.util.concurrent.CancellationException
import java.util.concurrent.CompletionException
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.CountDownLatch
import java.util.concurrent.CyclicBarrier
import java.util.concurrent.ExecutionException
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicLong
import java.util.concurrent.locks.LockSupport
import kotlin.random.Random

/** What one round has: two sockets that are connected, and batches, all of which are closed while in use. */
private class Round(number: Int, file: OwnedFd) : AutoCloseable {
    val address: UnixAddress = UnixAddress.abstractName("close-${ProcessHandle.current().pid()}-$number")
    private val prefetch = if (number % 2 == 0) 64 else 0
    val socket: UnixDgramSocket = builder().bind(address)
    val peer: UnixDgramSocket = builder().connect(address)
    val message: Message = Message.of("round").with(file)

    /** One for each caller: a batch is for one thread at a time. */
    val received: List<ReceiveBatch> = List(2) { socket.newReceiveBatch(8) }
    val sending: List<SendBatch> = List(2) { peer.newSendBatch(8) }

    private fun builder() = Sockets.unixDgram().maxDescriptors(2).prefetch(prefetch)

    val closeables: List<AutoCloseable> = listOf(socket, peer) + received + sending

    override fun close() = closeables.forEach(AutoCloseable::close)
}

/** Every operation that a socket or a batch has. */
private val operations: Map<String, (Round) -> Unit> =
    mapOf(
        "tryReceive" to { it.socket.tryReceive()?.close() },
        "trySend" to { it.peer.trySend(it.message) },
        "trySend to a target" to { it.peer.trySend(it.message.to(it.address)) },
        "tryReceive(batch)" to { round ->
            round.socket.tryReceive(round.received[0])
            read(round.received[0])
        },
        "receiveBatch" to { round ->
            round.socket.blocking().receiveBatch(round.received[1], SHORT)
            read(round.received[1])
        },
        "trySend(batch)" to { round ->
            if (!round.sending[0].add(round.message)) round.sending[0].clear()
            round.peer.trySend(round.sending[0])
        },
        "send(batch)" to { round ->
            if (!round.sending[1].add(round.message.to(round.address))) round.sending[1].removeFirst()
            round.peer.blocking().send(round.sending[1], SHORT)
        },
        "receive" to { it.socket.blocking().receive().close() },
        "receive with a timeout" to { it.socket.blocking().receive(SHORT).close() },
        "send" to { it.peer.blocking().send(it.message) },
        "send to a target" to { it.peer.blocking().send(it.message.to(it.address), Duration.ofMillis(1)) },
        "async receive" to { it.socket.async().receive().get(20, TimeUnit.SECONDS).close() },
        "async receive that is cancelled" to { round ->
            val receive = round.socket.async().receive()
            receive.cancel(true)
            receive.join().close()
        },
        "async send" to { it.peer.async().send(it.message).get(20, TimeUnit.SECONDS) },
        "arm" to { it.socket.readiness().arm(Interest.READ) { }.cancel() },
        "armSend" to { it.peer.readiness().armSend(it.address) { }.cancel() },
        "listen" to { it.socket.listen(Ignoring).close() },
        "connect" to { it.peer.tryConnect(it.address) },
        "disconnect" to { it.peer.disconnect() },
        "localAddress" to { it.socket.localAddress() },
        "remoteAddress" to { it.peer.remoteAddress() },
        "receiveBufferSize" to { it.socket.receiveBufferSize(it.socket.receiveBufferSize()) },
        "sendBufferSize" to { it.peer.sendBufferSize() },
        "queuedSends" to { it.peer.queuedSends() },
        "keepProcessAlive" to { it.socket.keepProcessAlive(false) },
        "newReceiveBatch" to { round -> round.socket.newReceiveBatch(2).use { round.socket.tryReceive(it) } },
        "newSendBatch" to { round ->
            round.peer.newSendBatch(2).use { if (it.add(round.message)) round.peer.trySend(it) }
        },
        "toString" to { "${it.socket} ${it.peer} ${it.received} ${it.sending}" },
    )

private val SHORT = Duration.ofNanos(300_000)

private fun read(batch: ReceiveBatch) {
    for (i in 0 until batch.count()) {
        batch.payload(i).let { while (it.hasRemaining()) it.get() }
        batch.size(i)
        batch.truncated(i)
        batch.sender(i)
        batch.ancillary(i).descriptors()
    }
}

private object Ignoring : DgramListener {
    override fun onMessage(socket: DgramSocket, datagram: Datagram) = Unit

    override fun onError(socket: DgramSocket, error: Throwable) = Unit
}

/** Whether an operation may end so while others close what it uses. */
private fun isRefusal(failure: Throwable): Boolean = when (failure) {
    is CompletionException, is ExecutionException -> failure.cause?.let(::isRefusal) ?: false

    is ClosedChannelException, is SocketTimeoutException, is CancellationException -> true

    is IllegalStateException, is IndexOutOfBoundsException -> true

    // The batch is closed.
    is SocketOpException -> failure.errno() in setOf(Errno.ECONNREFUSED, Errno.ENOTCONN, Errno.ECONNRESET)

    else -> false
}

/**
 * Sockets that come and go meanwhile, and take the numbers of those that were closed: nobody sends
 * to them.
 */
private class Bystander(private val failures: ConcurrentLinkedQueue<String>) {
    @Volatile
    private var over = false

    private val thread = Thread.ofPlatform().daemon().name("bystander").start(::run)

    private fun run() {
        while (!over) {
            Sockets.unixDgram().pair().use { pair ->
                repeat(3) {
                    LockSupport.parkNanos(20_000)
                    for (end in listOf(pair.left(), pair.right())) {
                        end.tryReceive()?.use { failures.add("a stranger's socket received $it") }
                    }
                }
            }
        }
    }

    fun end() {
        over = true
        thread.join()
    }
}

/** Closing while every operation is under way, from a thread of its own each. */
class CloseRaceTest :
    FunSpec({
        test("close() races every operation, which is refused and touches nobody else's descriptor") {
            racing(ROUNDS, 7).shouldBeEmpty()
        }
    })

private const val ROUNDS = 15

/** Returns what went wrong. */
internal fun racing(rounds: Int, seed: Int): Collection<String> {
    val failures = ConcurrentLinkedQueue<String>()
    val done = AtomicLong()
    val random = Random(seed)
    val bystander = Bystander(failures)
    OwnedFd.memfd("race").use { file ->
        repeat(rounds) { number ->
            Round(number + seed, file).use { round -> race(round, random, failures, done) }
        }
    }
    bystander.end()
    if (done.get() < rounds.toLong() * operations.size) failures.add("only $done operations were made")
    return failures
}

private fun race(round: Round, random: Random, failures: ConcurrentLinkedQueue<String>, done: AtomicLong) {
    val start = CyclicBarrier(operations.size + 2)
    val closed = CountDownLatch(1)
    val callers =
        operations.map { (name, operation) ->
            Thread.ofPlatform().daemon().name(name).start {
                start.await()
                do {
                    val last = closed.count == 0L // Once more when all is closed.
                    try {
                        operation(round)
                    } catch (e: Throwable) {
                        if (!isRefusal(e)) failures.add("$name: ${e.stackTraceToString()}")
                    }
                    done.incrementAndGet()
                } while (!last)
            }
        }
    val closers =
        List(2) {
            val mine = round.closeables.shuffled(random)
            val pauses = mine.map { random.nextLong(1_500_000) }
            Thread.ofPlatform().start {
                start.await()
                mine.zip(pauses).forEach { (each, pause) ->
                    LockSupport.parkNanos(pause)
                    each.close()
                }
            }
        }
    closers.forEach(Thread::join)
    closed.countDown()
    callers.forEach { caller ->
        caller.join(20_000)
        if (caller.isAlive) failures.add("${caller.name} hangs: ${caller.stackTrace.joinToString("\n  ")}")
    }
}
