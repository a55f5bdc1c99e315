package dev.ancilla.coroutines

import dev.ancilla.EventLoop
import kotlinx.coroutines.CoroutineDispatcher
import kotlin.coroutines.CoroutineContext

/**
 * Returns a dispatcher that runs coroutines on this loop's thread.
 *
 * A coroutine that waits there for a socket of the same loop is resumed where it was woken, without a
 * hop to another thread; a hop costs more than the message. A socket of another loop costs one.
 *
 * ### Threads
 * All coroutines of the dispatcher share the loop's one thread with the sockets. What blocks it blocks
 * them all: leave blocking work to `withContext(Dispatchers.IO)`. [watchdog] names who does not.
 *
 * @sample dev.ancilla.coroutines.samples.echoOnTheLoop
 */
public fun EventLoop.asCoroutineDispatcher(): CoroutineDispatcher = EventLoopDispatcher(this)

private class EventLoopDispatcher(
    private val loop: EventLoop,
) : CoroutineDispatcher() {
    /** On the loop a coroutine goes on at once; kotlinx.coroutines keeps such nesting off the stack. */
    override fun isDispatchNeeded(context: CoroutineContext): Boolean = !loop.inLoop()

    override fun dispatch(context: CoroutineContext, block: Runnable) {
        loop.execute(block)
    }

    override fun equals(other: Any?): Boolean = other is EventLoopDispatcher && other.loop === loop

    override fun hashCode(): Int = System.identityHashCode(loop)

    override fun toString(): String = "EventLoopDispatcher(${loop.name()})"
}
