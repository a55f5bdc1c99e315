package dev.ancilla.benchmarks.inside

import dev.ancilla.coroutines.asCoroutineDispatcher
import dev.ancilla.coroutines.receive
import kotlinx.coroutines.runBlocking

/** So many that getting to the loop's thread and back is nothing beside them. */
const val MESSAGES: Int = 1000

/** Sends and receives messages in one coroutine on the loop's thread. */
fun exchange(line: Line): Int = runBlocking(line.receiver.eventLoop().asCoroutineDispatcher()) {
    var sum = 0
    repeat(MESSAGES) {
        line.send()
        line.receiver.receive().use { sum += it.payload().get(0) }
    }
    sum
}
