package dev.ancilla.examples.peers

import dev.ancilla.examples.tool.Program
import io.kotest.core.test.Enabled
import java.nio.file.Path

/** A program that speaks UDP without Ancilla. What it receives it prints. */
internal abstract class UdpPeer(val name: String, needed: String) {
    /** For the tests that need it. */
    val needed: Enabled by lazy { Program.needed(needed) }

    /** Sends a question to [host] and [port], and prints the answer. */
    abstract fun ask(host: String, port: Int, text: String): Program

    /** Binds [host] and [port], and sends one question back in capitals. */
    abstract fun answer(host: String, port: Int): Program

    /** Binds [port] of all addresses, and prints one message to [group], or to everybody. */
    abstract fun hear(port: Int, group: Group?): Program

    /** Sends a message to [group], or to everybody. */
    abstract fun tell(group: Group?, port: Int, text: String): Program

    final override fun toString() = name

    companion object {
        /** The broadcast address of the loopback network, for which no other network is needed. */
        const val EVERYBODY = "127.255.255.255"

        val all = listOf(Socat, Script("python3", "udp.py"), Script("node", "udp.js"))
    }
}

/** A multicast group on an interface: over IPv4 that has an address, over IPv6 that has a name. */
internal class Group(val address: String, val on: String) {
    val isIpv6 get() = ':' in address
}

/** socat(1), whose addresses tell the family and the options. */
private object Socat : UdpPeer("socat", "socat") {
    override fun ask(host: String, port: Int, text: String) =
        run(text, "-t", "60", "-", "${udp(host)}-SENDTO:${bracketed(host)}:$port")

    override fun answer(host: String, port: Int) =
        run("", "${udp(host)}-RECVFROM:$port,bind=${bracketed(host)}", "EXEC:tr a-z A-Z")

    override fun hear(port: Int, group: Group?) = when {
        group == null -> {
            run("", "-u", "UDP4-RECVFROM:$port", "-")
        }

        group.isIpv6 -> {
            run(
                "",
                "-u",
                "UDP6-RECVFROM:$port,ipv6-join-group=[${group.address}]:${group.on}",
                "-",
            )
        }

        else -> {
            run("", "-u", "UDP4-RECVFROM:$port,ip-add-membership=${group.address}:${group.on}", "-")
        }
    }

    override fun tell(group: Group?, port: Int, text: String) = when {
        group == null -> run(text, "-u", "-", "UDP4-DATAGRAM:$EVERYBODY:$port,broadcast")
        group.isIpv6 -> run(text, "-u", "-", "UDP6-DATAGRAM:[${group.address}%${group.on}]:$port")
        else -> run(text, "-u", "-", "UDP4-DATAGRAM:${group.address}:$port,ip-multicast-if=${group.on}")
    }

    private fun udp(host: String) = if (':' in host) "UDP6" else "UDP4"

    private fun bracketed(host: String) = if (':' in host) "[$host]" else host

    private fun run(input: String, vararg args: String) =
        Program(listOf("socat", *args), input.encodeToByteArray())
}

/** An interpreter with a program of `src/test/resources/peers`, which has a function for each of these. */
private class Script(interpreter: String, file: String) : UdpPeer(interpreter, interpreter) {
    private val command = listOf(interpreter, Path.of("src/test/resources/peers", file).toString())

    override fun ask(host: String, port: Int, text: String) = run("ask", host, port, text)

    override fun answer(host: String, port: Int) = run("answer", host, port)

    override fun hear(port: Int, group: Group?) = when {
        group == null -> run("hear", "0.0.0.0", port)
        else -> run("hear", if (group.isIpv6) "::" else "0.0.0.0", port, group.address, group.on)
    }

    override fun tell(group: Group?, port: Int, text: String) = when {
        group == null -> run("tell", EVERYBODY, port, text)
        else -> run("tell", group.address, port, text, group.on)
    }

    private fun run(vararg args: Any) = Program(command + args.map(Any::toString))
}
