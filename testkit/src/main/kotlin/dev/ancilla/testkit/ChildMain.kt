package dev.ancilla.testkit

import dev.ancilla.DgramSocket
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import java.net.InetAddress
import java.net.InetSocketAddress

/** What the second processes of the contract do. */
internal object ChildMain {
    @JvmStatic
    fun main(words: Array<String>) {
        when (val task = words[0]) {
            "idle" -> bind(words[1], words[2])
            "stay" -> stay(bind(words[1], words[2]))
            "race" -> race(words[1])
            "bind" -> println(attempt { Sockets.unixDgram().bind(UnixAddress.path(words[1])) })
            "adopt" -> adopt(words[1])
            else -> error("no such task: $task")
        }
    }

    /** Binds a socket with a waiting listener, and says where. */
    private fun bind(kind: String, path: String): DgramSocket {
        val socket =
            if (kind == "udp") {
                Sockets.udp().bind(InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            } else {
                Sockets.unixDgram().bind(UnixAddress.path(path))
            }
        socket.listen { listening, datagram ->
            println("got ${datagram.text()}")
            listening.keepProcessAlive(false)
        }
        println((socket.localAddress() as? InetSocketAddress)?.port ?: 0)
        return socket
    }

    /** Keeps the process alive until a message comes. */
    private fun stay(socket: DgramSocket) = socket.keepProcessAlive(true)

    /** Binds over a stale socket at a sign, says who won, and holds on until the input ends. */
    private fun race(path: String) {
        println("ready")
        readln()
        val won = attempt { Sockets.unixDgram().replaceStale().bind(UnixAddress.path(path)) }
        println(won)
        readlnOrNull()
    }

    private fun attempt(bind: () -> DgramSocket): String = try {
        bind()
        "bound"
    } catch (e: SocketOpException) {
        e.errno().name
    }

    /** Makes a socket of the descriptor that comes with a message, and receives with it. */
    private fun adopt(path: String) {
        Sockets.unixDgram().maxDescriptors(1).bind(UnixAddress.path(path)).use { mailbox ->
            println("ready")
            val descriptor = mailbox.blocking().receive().use { it.ancillary().take() }
            Sockets.unixDgram().adopt(descriptor).use { adopted ->
                println(adopted.localAddress())
                println(adopted.blocking().receive().use { it.text() })
            }
        }
    }
}
