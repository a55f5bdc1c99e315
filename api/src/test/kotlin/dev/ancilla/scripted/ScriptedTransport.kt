package dev.ancilla.scripted

import dev.ancilla.Ancillary
import dev.ancilla.Datagram
import dev.ancilla.Errno
import dev.ancilla.EventLoop
import dev.ancilla.SocketOpException
import dev.ancilla.UnixAddress
import dev.ancilla.spi.DgramTransport
import dev.ancilla.spi.FdHandle
import dev.ancilla.spi.Interest
import dev.ancilla.spi.SelectorLoop
import dev.ancilla.spi.Wait
import java.net.SocketAddress
import java.nio.ByteBuffer
import java.nio.channels.ClosedChannelException
import java.nio.channels.Selector
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.atomic.AtomicInteger
import java.util.concurrent.locks.ReentrantLock
import kotlin.concurrent.withLock

/** What a send gave to the kernel. */
data class Sent(val text: String, val target: SocketAddress?, val descriptors: List<Int>)

/**
 * A transport whose attempts and wakes the test decides, on a real event loop. Nothing arrives and
 * nothing wakes but what the test says.
 *
 * @param loopOnly the directions in which attempts must be made on the loop's thread
 * @param lateWakes whether a wait that was cancelled fires nevertheless, as the contract allows
 */
class ScriptedTransport(
    val loop: SelectorLoop = scriptedLoop(),
    private val loopOnly: Set<Interest> = emptySet(),
    private val lateWakes: Boolean = false,
) : DgramTransport {
    private val lock = ReentrantLock()
    private val inbox = ArrayDeque<() -> Datagram>()
    private val waits = ArrayDeque<ScriptedWait>()
    private val full = HashSet<SocketAddress?>()
    private var local: SocketAddress = UnixAddress.unnamed()
    private var remote: SocketAddress? = null
    private var closed = false

    val sent = CopyOnWriteArrayList<Sent>()
    val receiveAttempts = AtomicInteger()
    val sendAttempts = AtomicInteger()
    val attemptThreads: MutableSet<String> = ConcurrentHashMap.newKeySet()

    /** Runs inside every attempt, before it takes anything. */
    @Volatile
    var duringAttempt: () -> Unit = {}

    /** Runs inside [close], before anything of it is done. */
    @Volatile
    var duringClose: () -> Unit = {}

    /** Runs inside [bind]: what the kernel would do, or why it refuses. */
    @Volatile
    var onBind: (SocketAddress, Int) -> Unit = { _, _ -> }

    init {
        loop.attach()
    }

    /** Lets a message arrive, and wakes one reader. */
    fun arrive(text: String, vararg descriptors: FdHandle) = step {
        val bytes = text.toByteArray()
        val owned = descriptors.map { dev.ancilla.OwnedFd.wrap(it) }
        Datagram(ByteBuffer.wrap(bytes), null, Ancillary.received(owned, null, false), bytes.size)
    }

    /** Lets the next attempt to receive fail, and wakes one reader. */
    fun refuseReceive(errno: Errno) = step { throw SocketOpException("receive", errno, null, null, null) }

    /** Lets the next attempt to receive do this, and wakes one reader. */
    fun step(make: () -> Datagram) {
        lock.withLock { inbox.add(make) }
        fire(Interest.READ)
    }

    /** Lets sends to [target] block until [makeRoom]. */
    fun fill(target: SocketAddress?) {
        lock.withLock { full.add(target) }
    }

    fun makeRoom(target: SocketAddress?) {
        lock.withLock { full.remove(target) }
        fire(Interest.WRITE, target)
    }

    /** Wakes one waiter, whether or not there is a reason. Tells whether there was a waiter. */
    fun fire(interest: Interest, target: SocketAddress? = null): Boolean {
        val next =
            lock.withLock {
                val found = waits.firstOrNull { it.interest == interest && it.target == target }
                if (found != null) waits.remove(found)
                found?.fired = true
                found
            }
        if (next != null) loop.execute(next.wake)
        return next != null
    }

    /** How many waits are armed. */
    fun armed(): Int = lock.withLock { waits.size }

    override fun eventLoop(): EventLoop = loop

    override fun onLoopOnly(interest: Interest) = interest in loopOnly

    override fun arm(interest: Interest, wake: Runnable): Wait = arm(interest, null, wake)

    override fun armSend(target: SocketAddress?, wake: Runnable): Wait = arm(Interest.WRITE, target, wake)

    private fun arm(interest: Interest, target: SocketAddress?, wake: Runnable): Wait {
        val wait = ScriptedWait(interest, target, wake)
        val ready =
            lock.withLock {
                waits.add(wait)
                closed || (if (interest == Interest.READ) inbox.isNotEmpty() else target !in full)
            }
        if (ready) fire(interest, target)
        return wait
    }

    override fun tryReceive(limit: Int): Datagram? {
        attempt(receiveAttempts)
        val make =
            lock.withLock {
                if (closed) throw ClosedChannelException()
                inbox.removeFirstOrNull()
            }
        return make?.invoke()
    }

    override fun trySend(payload: ByteBuffer, target: SocketAddress?, descriptors: List<FdHandle>): Boolean {
        attempt(sendAttempts)
        lock.withLock {
            if (closed) throw ClosedChannelException()
            if (target in full) return false
        }
        if (target == NOBODY) throw SocketOpException("send", Errno.ECONNREFUSED, null, null, target)
        val text = Charsets.UTF_8.decode(payload.duplicate()).toString()
        payload.position(payload.limit())
        sent += Sent(text, target, descriptors.map { it.number() })
        return true
    }

    private fun attempt(count: AtomicInteger) {
        count.incrementAndGet()
        attemptThreads += Thread.currentThread().name
        duringAttempt()
    }

    override fun bind(address: SocketAddress, mode: Int) {
        onBind(address, mode)
        local = address
    }

    override fun connect(address: SocketAddress) {
        attempt(sendAttempts)
        if (address == NOBODY) throw SocketOpException("connect", Errno.ECONNREFUSED, null, null, address)
        remote = address
    }

    override fun disconnect() {
        remote = null
    }

    override fun localAddress(): SocketAddress = local

    override fun remoteAddress(): SocketAddress? = remote

    override fun bufferSize(interest: Interest) = 4096

    override fun bufferSize(interest: Interest, bytes: Int) {}

    override fun close() {
        duringClose()
        val all =
            lock.withLock {
                if (closed) return
                closed = true
                waits.toList().also { waits.clear() }
            }
        all.forEach { loop.execute(it.wake) }
        loop.detach()
    }

    private inner class ScriptedWait(
        val interest: Interest,
        val target: SocketAddress?,
        val wake: Runnable,
    ) : Wait {
        var fired = false // guarded by lock
        private var cancelled = false // guarded by lock

        override fun cancel() {
            val passOn: Boolean
            val late: Boolean
            lock.withLock {
                if (cancelled) return
                cancelled = true
                late = waits.remove(this) && lateWakes
                passOn = fired && interest == Interest.READ && inbox.isNotEmpty()
            }
            if (late) loop.execute(wake)
            if (passOn) fire(interest, target)
        }
    }

    companion object {
        /** Sending or connecting here is refused. */
        val NOBODY: UnixAddress = UnixAddress.abstractName("nobody")

        fun scriptedLoop() = SelectorLoop("scripted-loop", Selector::open, false)
    }
}
