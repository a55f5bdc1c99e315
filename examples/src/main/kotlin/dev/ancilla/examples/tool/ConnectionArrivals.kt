package dev.ancilla.examples.tool

import dev.ancilla.SocketOpException
import kotlinx.coroutines.delay
import java.io.EOFException
import kotlin.time.Duration

/** What is done with what arrives. */
internal interface Taker {
    /** Takes one read or message, which is closed afterwards; returns whether to go on. */
    suspend fun take(connection: Incoming, arrival: Arrival): Boolean

    /** Is told of the end of a connection. */
    suspend fun ended()
}

/**
 * What arrives at a server, one connection after the other: further ones wait in the backlog.
 *
 * @property what what receives, as a failure names it
 * @property timeout how long to wait for each connection, `null` for ever
 * @property keepOpen whether to go on with the next connection; then one that fails ends nothing
 * @property warn is told of a connection that failed
 */
internal class ConnectionArrivals(
    private val accepting: Accepting<*>,
    private val what: String,
    private val timeout: Duration?,
    private val keepOpen: Boolean,
    private val warn: (String) -> Unit,
) {
    private var arrived = 0L
    private var ends = 0L

    /**
     * Takes [count] reads or messages, or all until the connection ends, or the timeout passes before
     * which something has to come.
     */
    suspend fun takeEach(count: Long?, taker: Taker, pause: Duration? = null) {
        val wanted = count ?: Long.MAX_VALUE
        do {
            val connection = accepting.accept(timeout) ?: break
            connection.use { takeAll(it, wanted, pause, taker) }
        } while (keepOpen && arrived < wanted)
        if (arrived < (count ?: 0) || arrived + ends == 0L) {
            val then = if (ends > 0 && !keepOpen) "the connection ended" else "none for $timeout"
            throw Ending(Status.TOO_FEW, "$what: $arrived arrived, then $then")
        }
    }

    private suspend fun takeAll(from: Incoming, wanted: Long, pause: Duration?, taker: Taker) {
        try {
            while (arrived < wanted) {
                val goOn = (from.next() ?: break).use { taker.take(from, it) }
                arrived++
                if (!goOn) return
                if (pause != null && arrived < wanted) delay(pause)
            }
        } catch (_: EOFException) {
            ends++
            taker.ended()
        } catch (failure: SocketOpException) {
            if (!keepOpen) throw failure
            warn(failure.inOneLine())
        }
    }
}
