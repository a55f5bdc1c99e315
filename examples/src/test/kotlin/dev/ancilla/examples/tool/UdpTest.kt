package dev.ancilla.examples.tool

import dev.ancilla.examples.peers.isBound
import dev.ancilla.examples.peers.network6
import dev.ancilla.examples.peers.network6Needed
import dev.ancilla.examples.peers.unusedPort
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldStartWith

/** Groups, hops and interfaces, of which only UDP knows. */
class UdpTest : FunSpec({
    val group = "239.255.7.20"

    /** Starts `recv` on an unused port, and gives [test] that port. */
    fun receiving(address: String, vararg options: String, test: (Program, String) -> Unit) =
        Program.tool("-v", "recv", "udp:$address:0", *options).use { recv ->
            recv.until("bound") { Regex("bound udp:\\S+:\\d+,").containsMatchIn(recv.err) }
            test(recv, recv.err.substringAfter("bound udp:").substringBefore(',').substringAfterLast(':'))
        }

    test("what is sent to a group through an interface reaches who joined it there") {
        for (on in listOf("127.0.0.1", "lo")) {
            receiving("*", "--count", "1", "--join", "$group@$on") { recv, port ->
                Program.run("send", "udp:$group:$port", "to all", "--interface", on, "--ttl", "1") shouldBe
                    Ended(0, "", "")
                recv.status() shouldBe 0
                recv.out shouldBe "to all\n"
            }
        }
    }

    test("what is sent to a group of IPv6 through an interface, or in its scope, reaches who joined it there")
        .config(enabledOrReasonIf = { network6Needed() }) {
            val on = checkNotNull(network6()).name
            receiving("[::]", "--count", "2", "--join", "ff02::7:20@$on") { recv, port ->
                val target = "udp:[ff02::7:20]:$port"
                val named = Program.run("send", target, "named", "--interface", on, "--ttl", "1")
                val scoped = Program.run("send", "udp:[ff02::7:20%$on]:$port", "scoped")
                listOf(named, scoped) shouldBe List(2) { Ended(0, "", "") }
                recv.status() shouldBe 0
                recv.out shouldBe "named\nscoped\n"
            }
        }

    for (host in listOf("127.0.0.1", "[::1]")) {
        test("a sender that is connected to $host is answered") {
            receiving(host, "--count", "1", "--reply", "pong") { recv, port ->
                val asked =
                    Program.run("send", "udp:$host:$port", "ping", "--connect", "--reply", "--timeout", "20")
                asked shouldBe Ended(0, "pong\n", "")
                recv.status() shouldBe 0
                recv.out shouldBe "ping\n"
            }
        }

        test("a message to $host has the hops it was given, or is told to need another provider")
            .config(enabledOrReasonIf = { Program.needed("python3") }) {
                val port = unusedPort()
                hopsAt(host.removeSurrounding("[", "]"), port).use { peer ->
                    val sent = Program.run("send", "udp:$host:$port", "near", "--ttl", "3")
                    if (sent.status == 0) {
                        peer.status() shouldBe 0
                        peer.out shouldBe "3\n"
                    } else {
                        sent.status shouldBe 3
                        sent.err shouldContain "UNICAST_TTL"
                    }
                }
            }
    }

    test("a sender that binds to auto has a port, at which it is answered") {
        receiving("127.0.0.1", "--count", "1", "--reply", "pong") { recv, port ->
            val options = arrayOf("--bind", "auto", "--reply", "--timeout", "20")
            Program.run("send", "udp:127.0.0.1:$port", "ping", *options) shouldBe Ended(0, "pong\n", "")
            recv.status() shouldBe 0
        }
    }

    test("a message to a group has the hops it was given")
        .config(enabledOrReasonIf = { Program.needed("python3") }) {
            val port = unusedPort()
            hopsAt("0.0.0.0", port, group, "127.0.0.1").use { peer ->
                val options = arrayOf("--interface", "127.0.0.1", "--ttl", "7")
                Program.run("send", "udp:$group:$port", "near", *options) shouldBe Ended(0, "", "")
                peer.status() shouldBe 0
                peer.out shouldBe "7\n"
            }
        }

    test("nobody at the port of a connected sender that waits is status 3, and names whom it asked") {
        val port = unusedPort()
        val asked = Program.run("send", "udp:127.0.0.1:$port", "x", "--connect", "--reply", "--timeout", "20")
        asked.status shouldBe 3
        asked.err shouldContain "ECONNREFUSED udp:127.0.0.1:$port"
    }

    test("what cannot be joined is told, and bad usage is status 2") {
        Program.run("recv", "udp:*:0", "--join", "$group@junk0") shouldBe
            Ended(3, "", "ancilla: interface ENODEV -: there is no interface junk0\n")
        val usages =
            listOf(
                listOf("recv", "udp:*:0", "--join", "127.0.0.1"),
                listOf("recv", "udp:*:0", "--join", "somewhere"),
                listOf("recv", "udp:*:0", "--join", "$group@"),
                listOf("recv", "unix:@x", "--join", group),
                listOf("send", "unix:@x", "x", "--ttl", "1"),
                listOf("send", "unix:@x", "x", "--interface", "lo"),
                listOf("send", "udp:127.0.0.1:9", "x", "--ttl", "256"),
            )
        for (usage in usages) {
            val ended = Program.run(*usage.toTypedArray())
            ended.status shouldBe 2
            ended.err shouldStartWith "Usage"
        }
    }
})

/** A program that prints how many hops the message had left that it receives. */
private fun hopsAt(vararg args: Any): Program {
    val peer = Program(listOf("python3", "src/test/resources/peers/udp.py", "hops") + args.map(Any::toString))
    peer.until("socket") { isBound(args[1] as Int) }
    return peer
}
