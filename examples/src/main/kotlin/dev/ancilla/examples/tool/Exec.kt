package dev.ancilla.examples.tool

import com.github.ajalt.clikt.core.Context
import com.github.ajalt.clikt.core.UsageError
import com.github.ajalt.clikt.parameters.arguments.argument
import com.github.ajalt.clikt.parameters.arguments.multiple
import com.github.ajalt.clikt.parameters.options.flag
import com.github.ajalt.clikt.parameters.options.multiple
import com.github.ajalt.clikt.parameters.options.option
import dev.ancilla.DgramSocket
import dev.ancilla.Feature
import dev.ancilla.Socket
import dev.ancilla.Sockets
import dev.ancilla.UnixDgramBuilder
import dev.ancilla.UnixServerBuilder
import java.net.SocketAddress
import java.nio.file.FileSystemException

/** `exec`: becomes a command that finds its sockets open already, as a service of systemd does. */
internal class Exec : ToolCommand("exec") {
    private val addresses by option(
        "--listen",
        metavar = "ADDRESS",
        help = "Binds here, and listens where there are connections (repeatable)",
    ).address().multiple(required = true)
    private val names by option(
        "--name",
        help = "What the socket is called, the first for the first (unknown)",
    ).name()
        .multiple()
    private val mode by option("--mode", help = "Permissions of the socket files, such as 0600").mode()
    private val replaceStale by option(
        "--replace-stale",
        help = "Removes socket files on which nobody answers",
    ).flag()
    private val command by argument("COMMAND", help = "The command and its arguments, after --")
        .multiple(required = true)

    override fun help(context: Context) =
        "Becomes COMMAND, which inherits bound sockets from descriptor 3 on (LISTEN_FDS, LISTEN_PID, " +
            "LISTEN_FDNAMES, as sd_listen_fds(3) expects them)."

    override suspend fun run() {
        if (names.size > addresses.size) {
            throw UsageError("${names.size} names for ${addresses.size} addresses: --name")
        }
        bindAll(addresses.zip(names + List(addresses.size - names.size) { UNNAMED }), linkedMapOf())
    }

    /** Binds one after the other. Each is closed, and its file removed, if one fails or a signal comes. */
    private suspend fun bindAll(rest: List<Pair<SocketAddress, String>>, bound: MutableMap<Socket, String>) {
        val (address, name) = rest.firstOrNull() ?: return become(bound)
        open(address).useUntilSignal { socket ->
            if (socket is DgramSocket) socket.bind(address)
            note("bound ${address.shown()} as $name, provider ${socket.provider()}")
            bound[socket] = name
            bindAll(rest.drop(1), bound)
        }
    }

    private fun open(address: SocketAddress): Socket = when (address) {
        is ServedAddress -> Accepting.at(address, Reading(timeout = null, ::warn), ::configure).server
        else -> openFor(address, udp = { require(Feature.INHERITANCE) }, unix = ::configure)
    }

    private fun configure(builder: UnixDgramBuilder) {
        builder.require(Feature.INHERITANCE)
        mode?.let(builder::mode)
        if (replaceStale) builder.replaceStale()
    }

    private fun configure(builder: UnixServerBuilder<*>) {
        builder.require(Feature.INHERITANCE)
        mode?.let(builder::mode)
        if (replaceStale) builder.replaceStale()
    }

    private fun become(sockets: Map<Socket, String>) {
        note("becoming ${command.joinToString(" ")}")
        try {
            Sockets.exec(command, sockets)
        } catch (e: FileSystemException) {
            throw e.refused("exec", command.first())
        }
    }

    private companion object {
        /** What sd_listen_fds_with_names(3) calls a socket without a name. */
        const val UNNAMED = "unknown"
    }
}
