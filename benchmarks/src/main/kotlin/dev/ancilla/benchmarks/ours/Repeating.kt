package dev.ancilla.benchmarks.ours

import dev.ancilla.benchmarks.worker.fail
import java.util.concurrent.CompletableFuture

internal fun endlessly(step: () -> CompletableFuture<Void>) {
    val ended = CompletableFuture<Void>()
    ended.whenComplete { _, e -> fail("$e") }
    repeatedly(ended, { true }, step)
}

/** A loop that does not grow the stack where futures are complete when they come. */
internal fun repeatedly(
    ended: CompletableFuture<Void>,
    wanted: () -> Boolean,
    step: () -> CompletableFuture<Void>,
) {
    while (wanted()) {
        val future = step()
        if (!future.isDone || future.isCompletedExceptionally) {
            future.whenComplete { _, e ->
                if (e == null) repeatedly(ended, wanted, step) else ended.completeExceptionally(e)
            }
            return
        }
    }
    ended.complete(null)
}
