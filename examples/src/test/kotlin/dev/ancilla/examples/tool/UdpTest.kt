package dev.ancilla.examples.tool

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldStartWith

/** Groups, hops and interfaces, of which only UDP knows. */
class UdpTest : FunSpec({
    val group = "239.255.7.20"

    /** Starts `recv` on an unused port, and gives [test] that port. */
    fun receiving(vararg options: String, test: (Program, String) -> Unit) =
        Program.tool("-v", "recv", "udp:*:0", *options).use { recv ->
            recv.until("bound") { Regex("bound udp:\\S+:\\d+,").containsMatchIn(recv.err) }
            test(recv, recv.err.substringAfter("bound udp:").substringBefore(',').substringAfterLast(':'))
        }

    test("what is sent to a group through an interface reaches who joined it there") {
        for (on in listOf("127.0.0.1", "lo")) {
            receiving("--count", "1", "--join", "$group@$on") { recv, port ->
                Program.run("send", "udp:$group:$port", "to all", "--interface", on, "--ttl", "1") shouldBe
                    Ended(0, "", "")
                recv.status() shouldBe 0
                recv.out shouldBe "to all\n"
            }
        }
    }

    test("a connected sender is answered") {
        receiving("--count", "1", "--reply", "pong") { recv, port ->
            val asked =
                Program.run("send", "udp:127.0.0.1:$port", "ping", "--connect", "--reply", "--timeout", "20")
            asked shouldBe Ended(0, "pong\n", "")
            recv.status() shouldBe 0
            recv.out shouldBe "ping\n"
        }
    }

    test("hops to one receiver are bounded, or that is told to need another provider") {
        receiving("--count", "1") { recv, port ->
            val sent = Program.run("send", "udp:127.0.0.1:$port", "near", "--ttl", "3")
            if (sent.status == 0) {
                recv.status() shouldBe 0
            } else {
                sent.status shouldBe 3
                sent.err shouldContain "UNICAST_TTL"
            }
        }
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
