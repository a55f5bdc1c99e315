package dev.ancilla.examples

import dev.ancilla.Ancillary
import dev.ancilla.Errno
import dev.ancilla.Server
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.StreamSocket
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.accept
import dev.ancilla.coroutines.lines
import dev.ancilla.coroutines.read
import dev.ancilla.coroutines.readExactly
import dev.ancilla.coroutines.serve
import dev.ancilla.coroutines.write
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import java.io.IOException
import java.nio.ByteBuffer

/**
 * A service that is replaced while it runs: start it again with the same arguments, and the new process gets
 * the listening socket of the old one, which serves its connections to their end and is gone. The kernel
 * listens all the time, so nobody who connects is refused. The arguments are the address of the service, and
 * the one at which a successor knocks.
 */
fun main(args: Array<String>) {
    val (address, succession) = args.map(UnixAddress::parse)
    runBlocking(Dispatchers.Default) { HandOver(address, succession).run() }
}

internal class HandOver(private val address: UnixAddress, private val succession: UnixAddress) {
    private val self = ProcessHandle.current().pid()

    suspend fun run() {
        val server = takeOver() ?: Sockets.unixServer().replaceStale().unlinkOnClose(false).listen(address)
        coroutineScope {
            val serving = launch { server.use { it.serve { client -> answer(client) } } }
            println("process $self serves at $address")
            awaitSuccessor(server)
            println("process $self accepts no more")
            server.close()
            serving.join()
        }
        println("process $self has ended its last connection")
    }

    private suspend fun answer(client: StreamSocket) {
        client.lines().collect { line -> client.write("$self: $line\n") }
    }

    /** Gets the listening socket of a predecessor, if there is one; returns when that is out of the way. */
    private suspend fun takeOver(): Server<StreamSocket>? {
        val predecessor =
            try {
                Sockets.unixStream().maxDescriptors(1).connect(succession)
            } catch (e: SocketOpException) {
                if (e.errno() == Errno.ENOENT || e.errno() == Errno.ECONNREFUSED) return null
                throw e
            }
        return predecessor.use {
            val listening = it.readExactly(ByteBuffer.allocate(1), descriptors = 1).take()
            val server = listening.use(Sockets.unixServer()::adopt)
            try {
                it.write("T") // Taken.
                check(it.read(ByteBuffer.allocate(1)).isEnd) { "the predecessor goes on" }
                server
            } catch (e: Exception) {
                server.close()
                throw e
            }
        }
    }

    /** Hands the listening socket to whoever knocks, until one has taken it; only this user may. */
    private suspend fun awaitSuccessor(server: Server<StreamSocket>) {
        Sockets.unixServer().replaceStale().mode(OWNER_ONLY).listen(succession).use { door ->
            while (true) {
                val successor = door.accept()
                if (successor.use { handOver(server, it, door) }) return
            }
        }
    }

    private suspend fun handOver(
        server: Server<StreamSocket>,
        successor: StreamSocket,
        door: Server<StreamSocket>,
    ): Boolean = try {
        server.duplicate().use { successor.write("L", Ancillary.lend(it)) }
        val taken = !successor.read(ByteBuffer.allocate(1)).isEnd
        // Before the successor hears the end: it will have a door of its own at the same path.
        if (taken) door.close()
        taken
    } catch (e: IOException) {
        System.err.println("process $self goes on, its successor failed: ${e.message}")
        false
    }

    private companion object {
        const val OWNER_ONLY = 0b110_000_000 // 0600
    }
}
