package dev.ancilla.testkit

import dev.ancilla.Ancillary
import io.kotest.matchers.longs.shouldBeLessThan
import java.nio.ByteBuffer

private const val IDLE_PERCENT = 30L

/** Waiting without a deadline, in each style at a time. */
internal fun ContractSpec.idling() {
    scenario("who waits for a message, or for room, takes no processor time, in no style") {
        val receives = Style.all.map { it.receive(bound()) }
        val sends =
            Style.sending.filter { isUnix }.flatMap { style ->
                listOf(true, false).map { connected ->
                    val full = Full(this, connected)
                    style.send(full.sender, full.message("late"))
                }
            }
        expectIdle(receives + sends)
    }
}

/** As [idling], of streams and servers. */
internal fun StreamContract.idlingStreams() {
    scenario("who waits for bytes, a connection, or for room, takes no processor time, in no style") {
        val calls =
            StreamStyle.all.flatMap { style ->
                val pair = pair()
                while (pair.left().tryWrite(ByteBuffer.allocate(1 shl 16)) > 0) {
                    // Until it is full.
                }
                listOf(
                    style.read(pair.left(), listOf(ByteBuffer.allocate(8))),
                    style.write(pair.left(), listOf(bytes("late")), Ancillary.none()),
                    style.accept(server()),
                )
            }
        expectIdle(calls)
    }
}

private fun expectIdle(calls: List<Call<*>>) {
    calls.first().expectWaiting()
    cpuPercent() shouldBeLessThan IDLE_PERCENT
    calls.forEach { if (it.isDone) throw AssertionError("did not wait: ${it.result()}") }
    calls.forEach(Call<*>::cancel)
    calls.forEach { it.result() }
}
