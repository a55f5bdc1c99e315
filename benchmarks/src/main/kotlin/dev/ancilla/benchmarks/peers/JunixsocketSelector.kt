package dev.ancilla.benchmarks.peers

import dev.ancilla.benchmarks.worker.Job
import org.newsclub.net.unix.AFUNIXSelectorProvider
import java.nio.channels.SelectionKey
import java.util.concurrent.locks.LockSupport

/** junixsocket with its selector: try, then select. */
internal class JunixsocketSelector(job: Job) : Junixsocket(job) {
    private val selector = AFUNIXSelectorProvider.provider().openSelector()
    private val key: SelectionKey

    init {
        channel.configureBlocking(false)
        key = channel.register(selector, 0)
    }

    override fun awaitMessage() = await(SelectionKey.OP_READ)

    /** A socket that is not connected is always told writable: all that is left is to wait a little. */
    override fun awaitRoom() =
        if (channel.isConnected) await(SelectionKey.OP_WRITE) else LockSupport.parkNanos(20_000)

    private fun await(interest: Int) {
        key.interestOps(interest)
        selector.select()
        selector.selectedKeys().clear()
    }
}
