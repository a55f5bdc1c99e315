package dev.ancilla.examples.tool

import com.github.ajalt.clikt.core.Context
import dev.ancilla.examples.demo.DemoClient
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.withTimeout
import kotlin.time.Duration.Companion.seconds

/** `demo`: the main job, told as it happens. */
internal class Demo : ToolCommand("demo") {
    override fun help(context: Context) =
        "Shows two processes exchange datagrams and a descriptor, step by step."

    override suspend fun run() {
        try {
            withTimeout(20.seconds) { DemoClient().run() }
        } catch (_: TimeoutCancellationException) {
            throw Ending(Status.FAILED, "demo: the steps above were seen and no more in 20 s")
        } catch (e: IllegalStateException) {
            throw Ending(Status.FAILED, "demo: ${e.message}").initCause(e)
        }
    }
}
