package dev.ancilla.coroutines

import dev.ancilla.DgramSocket
import dev.ancilla.Sockets
import dev.ancilla.UdpSocket
import io.kotest.assertions.nondeterministic.eventually
import java.net.InetAddress
import java.net.InetSocketAddress
import kotlin.time.Duration.Companion.seconds

/** A socket on the loopback interface, with an unused port. */
internal fun udp(): UdpSocket = Sockets.udp().bind(InetSocketAddress(InetAddress.getLoopbackAddress(), 0))

/** A receiver and a sender that is connected to it. */
internal suspend fun <T> withPair(block: suspend (receiver: DgramSocket, sender: DgramSocket) -> T): T =
    udp().use { receiver ->
        Sockets.udp().connect(receiver.localAddress()).use { sender -> block(receiver, sender) }
    }

internal suspend fun until(condition: suspend () -> Unit) = eventually(10.seconds) { condition() }
