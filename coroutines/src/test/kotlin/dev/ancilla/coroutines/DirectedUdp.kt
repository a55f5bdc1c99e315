package dev.ancilla.coroutines

import dev.ancilla.Feature
import dev.ancilla.IpFamily
import dev.ancilla.Resolver
import dev.ancilla.engine.Names
import dev.ancilla.engine.OpenUdp
import dev.ancilla.engine.Opening
import dev.ancilla.engine.UdpRules
import dev.ancilla.spi.DgramOptions
import dev.ancilla.spi.FdHandle
import dev.ancilla.spi.Interest
import dev.ancilla.spi.Provider
import dev.ancilla.spi.SelectorLoop
import dev.ancilla.spi.UdpOptions
import dev.ancilla.spi.UdpTransport
import dev.ancilla.spi.Wait
import kotlinx.coroutines.delay
import kotlinx.coroutines.withTimeout
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.SocketAddress
import java.nio.ByteBuffer
import java.util.ServiceLoader
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.CountDownLatch
import java.util.concurrent.atomic.AtomicInteger
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

private val JDK = ServiceLoader.load(Provider::class.java).first { it.name() == "jdk" }

/** Real UDP over the JDK on a loop of its own; the test says where attempts are made and when a target is full. */
class DirectedUdp(
    private val loopOnly: Boolean = false,
    val loop: SelectorLoop = JDK.openLoop("udp-loop") as SelectorLoop,
    private val udp: UdpTransport = JDK.openUdp(loop, DgramOptions.DEFAULT, UdpOptions.DEFAULT),
) : UdpTransport by udp {
    val armed = AtomicInteger()
    val cancelled = AtomicInteger()
    val attemptThreads = ConcurrentLinkedQueue<String>()
    val sentDescriptors = ConcurrentLinkedQueue<Int>()

    @Volatile
    private var full = false
    private val sendWakes = ConcurrentLinkedQueue<Runnable>()

    fun fill() {
        full = true
    }

    fun makeRoom() {
        full = false
        while (true) loop.execute(sendWakes.poll() ?: return)
    }

    override fun onLoopOnly(interest: Interest) = loopOnly

    override fun tryReceive(limit: Int) = udp.tryReceive(limit).also {
        attemptThreads +=
            Thread.currentThread().name.substringBefore(" @")
    }

    override fun trySend(payload: ByteBuffer, target: SocketAddress?, descriptors: List<FdHandle>): Boolean {
        if (full) return false
        descriptors.forEach { sentDescriptors += it.number() }
        return udp.trySend(payload, target, emptyList())
    }

    override fun arm(interest: Interest, wake: Runnable): Wait = counted(udp.arm(interest, wake))

    override fun armSend(target: SocketAddress?, wake: Runnable): Wait {
        sendWakes += wake
        return counted { sendWakes.remove(wake) }
    }

    private fun counted(wait: Wait): Wait {
        armed.incrementAndGet()
        return Wait {
            cancelled.incrementAndGet()
            wait.cancel()
        }
    }

    override fun close() {
        udp.close()
        makeRoom()
    }

    fun socket() = OpenUdp(
        Opening.Opened(this, "jdk", setOf(Feature.FD_PASSING), Int.MAX_VALUE, 0),
        UdpRules(UdpRules.EVERYBODY, UdpRules.EVERYBODY),
        Names(Resolver.system(), IpFamily.ANY),
    ).apply {
        bind(InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
    }
}

/** Polls until [condition] holds. */
suspend fun waitUntil(condition: () -> Boolean) = withTimeout(30.seconds) {
    while (!condition()) delay(1.milliseconds)
}

/** Keeps the loop's thread busy until [block] has returned. */
inline fun <T> SelectorLoop.whileBusy(block: () -> T): T {
    val entered = CountDownLatch(1)
    val leave = CountDownLatch(1)
    execute {
        entered.countDown()
        leave.await()
    }
    entered.await()
    try {
        return block()
    } finally {
        leave.countDown()
    }
}
