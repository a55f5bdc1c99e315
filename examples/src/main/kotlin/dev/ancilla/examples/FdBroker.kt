package dev.ancilla.examples

import dev.ancilla.Ancillary
import dev.ancilla.OwnedFd
import dev.ancilla.Sockets
import dev.ancilla.StreamSocket
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.lines
import dev.ancilla.coroutines.serve
import dev.ancilla.coroutines.write
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import java.io.IOException
import java.nio.file.Files
import java.nio.file.LinkOption.NOFOLLOW_LINKS
import java.nio.file.Path

/**
 * A broker that may open files and hands their descriptors to processes that may not: the kernel checks
 * permissions when a file is opened, and never again. A client sends names, a line each, and gets for each
 * `ok` with the descriptor, or `error` with the reason. The arguments are the address, the directory whose
 * files are handed out, read-only, and the users that may ask.
 */
fun main(args: Array<String>) {
    val address = UnixAddress.parse(args[0])
    val broker = FdBroker(Path.of(args[1]).toRealPath())
    val users = args.drop(2).map(String::toLong).toLongArray()
    runBlocking(Dispatchers.Default) {
        endOnTermination(launch { broker.serve(address, users) })
    }
}

internal class FdBroker(private val directory: Path) {
    /** Who may connect is the kernel's word (SO_PEERCRED), so the socket file may be open to anybody. */
    suspend fun serve(address: UnixAddress, users: LongArray) {
        val builder = Sockets.unixServer().replaceStale().mode(ANYBODY).allowUser(*users)
        builder.listen(address).use { server ->
            println("serving at $address")
            server.serve(atMost = 64) { client -> answer(client) }
        }
    }

    private suspend fun answer(client: StreamSocket) {
        val who = client.peerCredentials()
        client.lines(maxBytes = 4096).collect { name ->
            val opened = runCatching { open(name) }
            val outcome = if (opened.isSuccess) "ok" else "no"
            println("process ${who.pid()} of user ${who.uid()} asks for $name: $outcome")
            opened
                .onSuccess { file -> file.use { client.write("ok\n", Ancillary.lend(it)) } }
                .onFailure { client.write("error ${it.message}\n") }
        }
    }

    /** A name is that of a file in the directory itself: no path, no link, nothing that opening waits for. */
    private fun open(name: String): OwnedFd {
        val file = directory.resolve(name)
        if (file.parent != directory || !Files.isRegularFile(file, NOFOLLOW_LINKS)) {
            throw IOException("no such file here: $name")
        }
        return OwnedFd.open(file)
    }

    private companion object {
        const val ANYBODY = 0b110_110_110 // 0666
    }
}
