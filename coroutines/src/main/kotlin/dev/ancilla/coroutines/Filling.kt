package dev.ancilla.coroutines

import dev.ancilla.Socket
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.channels.ReceiveChannel
import kotlinx.coroutines.channels.SendChannel
import kotlinx.coroutines.launch
import java.nio.channels.ClosedChannelException

/** A channel that a coroutine of [scope] fills; whichever of them is cancelled ends the other. */
internal fun <T> Socket.filling(
    scope: CoroutineScope,
    capacity: Int,
    undelivered: (T) -> Unit,
    fill: suspend (SendChannel<T>) -> Unit,
): ReceiveChannel<T> {
    require(capacity >= 1) { "capacity is $capacity, less than 1" }
    val channel = Channel(capacity, onUndeliveredElement = undelivered)
    val job = scope.launch { tellingEnd(channel) { fill(channel) } }
    // Who waits for what nobody will receive would take it from another.
    channel.invokeOnClose { if (it is CancellationException) job.cancel() }
    // Not when it came to its end: what is in the channel is still there to be received.
    job.invokeOnCompletion { if (it != null) channel.cancel() }
    return channel
}

/** Runs what fills or empties [channel] to its end, and tells the channel how it ended. */
internal suspend fun Socket.tellingEnd(channel: SendChannel<*>, run: suspend () -> Unit) {
    try {
        run()
        channel.close()
    } catch (closed: ClosedChannelException) {
        channel.close(closed.takeIf { isOpen })
    } catch (cancelled: CancellationException) {
        throw cancelled
    } catch (failure: Exception) {
        // Also what a bad message met, such as a closed descriptor: it must not end the scope.
        channel.close(failure)
    }
}
