package dev.ancilla.coroutines

import dev.ancilla.Datagram
import dev.ancilla.DgramSocket
import kotlinx.coroutines.ExperimentalForInheritanceCoroutinesApi
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.FlowCollector

/**
 * Returns the messages as they arrive, as a cold flow. It completes when the socket is closed, or when
 * the peer of a connection has ended it.
 *
 * ### Ownership
 * Each message is closed when the collector is done with it: what is to stay is copied, or
 * [taken][dev.ancilla.Ancillary.take], before that. Operators that pass messages on after the collector
 * returned, such as `buffer` and `flowOn`, would pass closed ones; use [channel] for that.
 *
 * ### Cancellation
 * A collector that is cancelled loses nothing: what it has not received stays for the next one, and what
 * it has received it was given.
 *
 * ### Back-pressure
 * A slow collector leaves messages in the kernel: a Unix sender then waits, a UDP message may be lost.
 *
 * @throws dev.ancilla.SocketOpException in the collector, if the kernel refuses to receive
 */
public fun DgramSocket.incoming(): Flow<Datagram> =
    Received(next = { receiveOrEnd() }, give = { message -> message.use { emit(it) } })

/**
 * What [next] returns until that is `null`, handed over by [give].
 *
 * Not `flow { }`: its `emit` looks for cancellation first, and what was just received would be lost.
 */
@OptIn(ExperimentalForInheritanceCoroutinesApi::class)
internal class Received<T : Any>(
    private val next: suspend () -> T?,
    private val give: suspend FlowCollector<T>.(T) -> Unit,
) : Flow<T> {
    override suspend fun collect(collector: FlowCollector<T>) {
        while (true) {
            collector.give(next() ?: return)
        }
    }
}
