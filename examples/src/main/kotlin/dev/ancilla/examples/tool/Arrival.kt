package dev.ancilla.examples.tool

import dev.ancilla.Ancillary
import dev.ancilla.Datagram
import dev.ancilla.PeerCredentials
import java.net.SocketAddress

/**
 * A message, or one read of a stream: what is printed, saved and sent back. Closing it closes what came
 * beside the bytes.
 *
 * @property size how many bytes were sent, of which [bytes] may be the first
 * @property sender `null` for one without a name
 * @property ancillary what came beside the bytes, still the owner's
 * @property credentials who sent, where that was asked for
 */
internal class Arrival(
    val bytes: ByteArray,
    val sender: SocketAddress?,
    val ancillary: Ancillary,
    val credentials: PeerCredentials?,
    val size: Int = bytes.size,
    owner: AutoCloseable,
) : AutoCloseable by owner {
    val truncated: Boolean
        get() = size > bytes.size

    companion object {
        fun of(message: Datagram): Arrival {
            val ancillary = message.ancillary()
            return Arrival(
                message.bytes(),
                message.sender(),
                ancillary,
                ancillary.credentials(),
                message.size(),
                owner = message,
            )
        }
    }
}
