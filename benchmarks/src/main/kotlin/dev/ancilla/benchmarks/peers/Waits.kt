package dev.ancilla.benchmarks.peers

import dev.ancilla.benchmarks.worker.fail
import java.nio.channels.DatagramChannel
import java.nio.channels.SelectableChannel
import java.nio.channels.SelectionKey
import java.nio.channels.Selector
import java.util.concurrent.locks.LockSupport

/** What a channel's user does when there is nothing to receive, or no room to send. */
internal interface Waits {
    fun awaitMessage()

    fun awaitRoom()

    /** Of a channel that blocks, which comes back only when it has done something. */
    object Never : Waits {
        override fun awaitMessage(): Unit = fail("nothing received")

        override fun awaitRoom(): Unit = fail("nothing sent")
    }

    /** With a selector: try, then select. */
    class Selecting(private val channel: SelectableChannel, private val selector: Selector) : Waits {
        private val key: SelectionKey

        init {
            channel.configureBlocking(false)
            key = channel.register(selector, 0)
        }

        override fun awaitMessage() = await(SelectionKey.OP_READ)

        /** A Unix socket that is not connected is always told writable: all that is left is to wait a little. */
        override fun awaitRoom() = if (channel is DatagramChannel && !channel.isConnected) {
            LockSupport.parkNanos(20_000)
        } else {
            await(SelectionKey.OP_WRITE)
        }

        private fun await(interest: Int) {
            key.interestOps(interest)
            selector.select()
            selector.selectedKeys().clear()
        }
    }

    companion object {
        /** @param selector with which to wait; without one the channel blocks */
        fun of(channel: SelectableChannel, selector: Selector?): Waits =
            if (selector == null) Never else Selecting(channel, selector)
    }
}
