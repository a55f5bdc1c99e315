package dev.ancilla.examples

import kotlinx.coroutines.Job
import kotlinx.coroutines.runBlocking
import kotlin.concurrent.thread

/** Ends [service] on SIGTERM: the JVM answers it with its shutdown hooks, and ends when they have. */
internal fun endOnTermination(service: Job) {
    Runtime.getRuntime().addShutdownHook(
        thread(start = false) {
            service.cancel()
            runBlocking { service.join() }
        },
    )
}
