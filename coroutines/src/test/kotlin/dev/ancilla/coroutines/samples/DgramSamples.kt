package dev.ancilla.coroutines.samples

import dev.ancilla.Datagram
import dev.ancilla.DgramSocket
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.coroutines.receive
import dev.ancilla.coroutines.send
import kotlinx.coroutines.withTimeoutOrNull
import kotlin.time.Duration

/** Receives the next message, or returns `null` when none has come in time. Loses none either way. */
suspend fun receiveWithin(socket: DgramSocket, timeout: Duration): Datagram? {
    var datagram: Datagram? = null
    withTimeoutOrNull(timeout) { datagram = socket.receive() }
    return datagram
}

/** Passes an open file to the connected peer. The sender's own descriptor is closed as always. */
suspend fun sendDescriptor(socket: DgramSocket, open: () -> OwnedFd) {
    open().use { file -> socket.send(Message.of("here is the file").with(file)) }
}
