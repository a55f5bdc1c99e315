package dev.ancilla.junix

import org.newsclub.net.unix.AFUNIXSelectorProvider
import java.nio.channels.DatagramChannel
import java.nio.channels.SelectionKey

private fun selector() = AFUNIXSelectorProvider.provider().openSelector()

internal val RAW_SELECTORS =
    listOf(
        RawRow("A23", "hangs in the 65,537th wakeup that nobody consumed", "SelectorLoop.Sleeper") {
            val selector = selector()
            hangs(5_000) { repeat(65_600) { selector.wakeup() } }
        },
        RawRow("D1", "cannot select channels of the JDK", "a loop for each provider") {
            DatagramChannel.open().use { udp ->
                udp.configureBlocking(false)
                fails { udp.register(selector(), SelectionKey.OP_READ) }
            }
        },
        RawRow("D2", "does not notice a new interest while it selects", "Watch.loopMustLook") {
            val socket = rawBound()
            rawSocket().send(bytes("x"), socket.localAddress)
            val selector = selector()
            val key = socket.register(selector, 0)
            val selecting = Thread({ selector.select() }, "selecting").apply { isDaemon = true }
            selecting.start()
            until("the selector waits") { selecting.stackTrace.any { it.isNativeMethod } }
            Thread.sleep(200)
            key.interestOps(SelectionKey.OP_READ)
            selecting.join(1_000)
            selecting.isAlive
        },
        RawRow(
            "D3",
            "drops the key of a socket with an error and never tells it again",
            "SelectorLoop.findLostKeys",
        ) {
            val socket = rawBound()
            val peer = rawBound()
            socket.connect(peer.localAddress)
            peer.connect(socket.localAddress)
            val selector = selector()
            val key = socket.register(selector, SelectionKey.OP_READ)
            socket.write(bytes("unread"))
            peer.connect(rawBound().localAddress)
            selector.select(1_000)
            !key.isValid
        },
    )
