package dev.ancilla.ffm.stress

import dev.ancilla.Ancillary
import dev.ancilla.Datagram
import dev.ancilla.Errno
import dev.ancilla.SocketOpException
import dev.ancilla.UnixAddress
import dev.ancilla.UnixDgramSocket
import java.net.SocketAddress
import java.nio.ByteBuffer
import java.nio.channels.ClosedChannelException
import java.util.BitSet
import java.util.concurrent.CompletionException
import java.util.concurrent.atomic.AtomicInteger
import java.util.concurrent.atomic.AtomicLong

/** What happened, over all routes. */
internal class Tally {
    val sent = AtomicLong()
    val received = AtomicLong()
    val withDescriptors = AtomicLong()
    val routes = AtomicInteger()
    val closedInUse = AtomicInteger()
    val cancelled = AtomicLong()
    val interrupted = AtomicLong()
    val timedOut = AtomicLong()
    val batchesClosed = AtomicLong()
}

/** One receiving socket and those that send to it: what was sent, and what of that arrived. */
internal class Route(
    val id: Long,
    val letters: Letters,
    val tally: Tally,
    val receiver: UnixDgramSocket,
    val senders: List<UnixDgramSocket>,
    val target: UnixAddress?,
    val quota: Int,
    val lossy: Boolean,
    private val shape: String,
) {
    private val accounts =
        senders.map { sender ->
            Account(sender.localAddress().takeUnless { it.kind() == UnixAddress.Kind.UNNAMED })
        }
    private val arrived = AtomicInteger()

    /** Whether its sockets may be closed by now, and its calls end. */
    @Volatile
    var closing = false

    /** When anything went forward last; for the watchdog. */
    @Volatile
    var lastProgress = System.nanoTime()
        private set

    val received: Int get() = arrived.get()
    val sent: Int get() = accounts.sumOf { it.sent }

    /** The messages of one sender. */
    private class Account(val address: UnixAddress?) {
        @Volatile
        var sent = 0
        val arrived = BitSet() // guarded by this
    }

    /** Called after a call that has sent, with how many. */
    fun sent(sender: Int, count: Int = 1) {
        accounts[sender].sent += count // Of its sender alone.
        tally.sent.addAndGet(count.toLong())
        lastProgress = System.nanoTime()
    }

    /** What one receiver has seen last of each sender: nothing older may follow. */
    inner class Watermarks {
        private val last = IntArray(accounts.size) { -1 }

        fun accept(datagram: Datagram) = datagram.use {
            check(!it.truncated()) { "$it is truncated" }
            accept(it.payload(), it.size(), it.sender(), it.ancillary())
        }

        fun accept(payload: ByteBuffer, size: Int, from: SocketAddress?, ancillary: Ancillary) {
            val stamp = letters.read(payload, size)
            expect(stamp.route == id) { "$stamp came to route $id" }
            letters.check(stamp, ancillary)
            val account = accounts[stamp.sender]
            expect(from == account.address) { "$stamp came from $from, not ${account.address}" }
            expect(stamp.number > last[stamp.sender]) { "$stamp came after number ${last[stamp.sender]}" }
            last[stamp.sender] = stamp.number
            synchronized(account) {
                expect(!account.arrived[stamp.number]) { "$stamp came twice" }
                account.arrived.set(stamp.number)
            }
            arrived.incrementAndGet()
            tally.received.incrementAndGet()
            if (letters.descriptors(stamp).isNotEmpty()) tally.withDescriptors.incrementAndGet()
            lastProgress = System.nanoTime()
        }
    }

    /** Whether a call may end so, because its socket, or the one it sends to, was closed. */
    fun expects(failure: Throwable): Boolean = closing &&
        when (failure) {
            is CompletionException -> failure.cause?.let(::expects) ?: false
            is ClosedChannelException -> true
            is SocketOpException -> failure.errno() in AFTER_CLOSE
            else -> false
        }

    /** Fails if a message is missing. For a route whose sockets were closed when all was over. */
    fun expectComplete() = accounts.forEachIndexed { sender, account ->
        synchronized(account) {
            val missing = (0 until account.sent).filterNot(account.arrived::get)
            check(missing.isEmpty()) {
                "sender $sender: ${missing.size} of ${account.sent} are missing: ${missing.take(9)}"
            }
            check(account.arrived.length() == account.sent) { "sender $sender: more came than was sent" }
        }
    }

    override fun toString() = "route $id ($shape): $received received of $sent sent, " +
        "quota $quota for each of ${accounts.size}" + if (closing) ", closing" else ""

    private companion object {
        val AFTER_CLOSE =
            setOf(Errno.ECONNREFUSED, Errno.ECONNRESET, Errno.ENOENT, Errno.ENOTCONN, Errno.EPIPE)
    }
}
