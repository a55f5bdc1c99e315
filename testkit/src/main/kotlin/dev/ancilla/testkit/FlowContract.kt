package dev.ancilla.testkit

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout

/** What coroutines do with any message socket: flows, channels, batches, and waits that end. */
abstract class FlowContract(subject: DgramSubject) : ContractSpec(subject) {
    init {
        flowing()
        channels()
    }
}

/** What they do with Unix datagrams besides: receivers that are full, questions and answers. */
abstract class UnixFlowContract(subject: UnixDgramSubject) : ContractSpec(subject) {
    init {
        outgoing()
        congestionTold()
        asking()
        answering()
        payloads()
    }
}

/** Plays [work] in coroutines, on threads that are not the loop's. */
internal fun <T> playing(work: suspend CoroutineScope.() -> T): T = runBlocking(Dispatchers.Default) {
    withTimeout(PATIENCE_MILLIS * 3, work)
}
