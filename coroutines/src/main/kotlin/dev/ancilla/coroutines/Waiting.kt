package dev.ancilla.coroutines

import dev.ancilla.Socket
import dev.ancilla.spi.Interest
import dev.ancilla.spi.Wait
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlin.coroutines.Continuation
import kotlin.coroutines.resume
import kotlin.coroutines.suspendCoroutine

/**
 * Makes an attempt where the transport wants it. On the loop's thread and back is a hop that cannot
 * be cancelled: what it received or sent would otherwise be known to nobody. It is short, for an
 * attempt does not wait.
 */
internal suspend inline fun <T> Socket.attempt(interest: Interest, crossinline make: () -> T): T {
    val loop = eventLoop()
    if (!readiness().onLoopOnly(interest) || loop.inLoop()) return make()
    return suspendCoroutine { caller: Continuation<T> ->
        loop.execute { caller.resumeWith(runCatching { make() }) }
    }
}

/**
 * Suspends until the wake that [arm] arms has fired. A waiter that is cancelled after its wake passes
 * the wake on, so that the message it was woken for wakes somebody else.
 */
internal suspend fun awaitReady(arm: (Runnable) -> Wait) {
    suspendCancellableCoroutine { waiter ->
        val armed = Armed()
        val wake = Runnable { waiter.resume(Unit) { _, _, _ -> armed.cancel() } }
        armed.set(arm(wake))
        waiter.invokeOnCancellation { armed.cancel() }
    }
}

/** A wait that may be cancelled, on another thread, before arming it has returned. */
private class Armed {
    private var wait: Wait? = null
    private var cancelled = false

    fun set(armed: Wait) {
        val late =
            synchronized(this) {
                wait = armed
                cancelled
            }
        if (late) armed.cancel()
    }

    fun cancel() {
        val armed =
            synchronized(this) {
                cancelled = true
                wait
            }
        armed?.cancel()
    }
}

/**
 * Ends a cancelled call: under a flood no attempt suspends, and a cancelled coroutine would go on for
 * ever. On a loop's thread, spends one attempt of its turn; when none is left, lets the others run
 * first.
 */
internal suspend inline fun Socket.spendTurn() {
    currentCoroutineContext().ensureActive()
    if (turnIsSpent()) awaitTurn()
}

internal fun Socket.turnIsSpent(): Boolean = eventLoop().inLoop() && !eventLoop().spend()

internal suspend fun Socket.awaitTurn() {
    do {
        suspendCancellableCoroutine { waiter ->
            eventLoop().execute { waiter.resume(Unit) { _, _, _ -> } }
        }
    } while (turnIsSpent())
}

/**
 * Whether a call may make its first attempt here and now. Most need no other, and a function that suspends
 * in nothing but its last call keeps no state, which is an object a call. Ends a cancelled call, and spends
 * one attempt of a turn, as [spendTurn].
 */
internal suspend inline fun Socket.mayAttempt(interest: Interest): Boolean {
    currentCoroutineContext().ensureActive()
    return !turnIsSpent() && (!readiness().onLoopOnly(interest) || eventLoop().inLoop())
}
