package dev.ancilla.examples.peers

import dev.ancilla.DgramSocket
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.receiveOrNull
import dev.ancilla.examples.tool.Program
import io.kotest.core.spec.style.FunSpec
import io.kotest.core.test.Enabled
import io.kotest.matchers.shouldBe
import java.net.Inet6Address
import java.net.NetworkInterface
import java.nio.channels.DatagramChannel
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.name
import kotlin.streams.asSequence
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** How long a peer may take for what takes it moments: machines are slow at times. */
internal val PATIENCE = 30.seconds

/** Programs that know nothing of Ancilla, and after each test as many open descriptors as before. */
internal abstract class PeerSpec(body: PeerSpec.() -> Unit) :
    FunSpec({
        lateinit var before: Set<String>
        beforeSpec { warmUp() }
        beforeTest { before = openDescriptors() }
        afterTest {
            runCatching { waitFor("closed descriptors") { (openDescriptors() - before).isEmpty() } }
            openDescriptors() - before shouldBe emptySet()
        }
    }) {
    init {
        body()
    }
}

internal suspend fun DgramSocket.receiveText(): String =
    checkNotNull(receiveOrNull(PATIENCE)) { "nothing came" }.use { it.text() }

/** Waits until something is so that another process brings about. */
internal fun waitFor(what: String, holds: () -> Boolean) {
    val deadline = System.nanoTime() + PATIENCE.inWholeNanoseconds
    while (!holds()) {
        check(System.nanoTime() < deadline) { "not within $PATIENCE: $what" }
        Thread.sleep(10)
    }
}

/** What the JDK keeps open for good once it has closed a channel, and what a first wait loads. */
private suspend fun warmUp() {
    DatagramChannel.open().close()
    Sockets.unixDgram().bind(UnixAddress.autobind()).use { it.receiveOrNull(1.milliseconds) }
}

/** Without what the JVM opens when it needs it: class files, random numbers, its own limits. */
private fun openDescriptors(): Set<String> = Path
    .of("/proc/self/fd")
    .listDirectoryEntries()
    .mapNotNull { runCatching { "${it.name} ${Files.readSymbolicLink(it)}" }.getOrNull() }
    .filterNot { it.endsWith(".jar") || it.endsWith("/modules") || it.endsWith("random") }
    .filterNot { "/proc/" in it || "/sys/" in it }
    .toSet()

/** A port that nobody has at this moment. */
internal fun unusedPort(): Int = Sockets.udp().bind(0).use { it.localAddress().port }

/** Whether somebody has this port of UDP, over IPv4 or IPv6. */
internal fun isBound(port: Int): Boolean {
    val shown = ":%04X ".format(port)
    return listOf("udp", "udp6").any { table -> shown in Files.readString(Path.of("/proc/net", table)) }
}

/** A network that can multicast over IPv6: the loopback interface of Linux has no route to its groups. */
internal fun network6(): NetworkInterface? = NetworkInterface
    .networkInterfaces()
    .asSequence()
    .filter { it.isUp && it.supportsMulticast() && !it.isLoopback }
    .firstOrNull { it.inetAddresses().anyMatch(Inet6Address::class::isInstance) }

/** For the tests that need one. */
internal fun network6Needed(): Enabled =
    if (network6() == null) Program.skipped("no network can multicast over IPv6") else Enabled.enabled
