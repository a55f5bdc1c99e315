package dev.ancilla.benchmarks.peers

import dev.ancilla.benchmarks.worker.Server
import java.nio.channels.SelectionKey
import java.nio.channels.Selector
import java.nio.channels.ServerSocketChannel

/**
 * Accepts connections of a channel of the JDK's shape, and closes them.
 *
 * @param selector with which to wait; without one the channel blocks
 */
internal fun acceptorOf(channel: ServerSocketChannel, selector: Selector?): Server {
    if (selector == null) return Server { while (true) channel.accept().close() }
    channel.configureBlocking(false)
    channel.register(selector, SelectionKey.OP_ACCEPT)
    return Server {
        while (true) {
            selector.select()
            selector.selectedKeys().clear()
            while (true) (channel.accept() ?: break).close()
        }
    }
}
