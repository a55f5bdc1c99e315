package dev.ancilla.examples.tool

import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldNotContain
import java.net.StandardProtocolFamily
import java.net.UnixDomainSocketAddress
import java.nio.channels.ServerSocketChannel
import kotlin.io.path.writeText

class FailuresTest : FunSpec({
    val directory = tempdir().toPath()

    test("nobody at the target is one exact line and status 3") {
        val missing = directory.resolve("missing.sock")
        Program.run("send", "unix:$missing", "x") shouldBe
            Ended(3, "", "ancilla: send ENOENT unix:$missing: No such file or directory\n")
        Program.run("send", "unix:$missing", "x", "--connect") shouldBe
            Ended(3, "", "ancilla: connect ENOENT unix:$missing: No such file or directory\n")

        val file = directory.resolve("file").apply { writeText("") }
        Program.run("send", "$file", "x") shouldBe
            Ended(3, "", "ancilla: send ECONNREFUSED unix:$file: Connection refused\n")
    }

    test("a stream socket at the target, or a message too long for any, is told as what it is") {
        val stream = directory.resolve("stream.sock")
        ServerSocketChannel.open(StandardProtocolFamily.UNIX).use { server ->
            server.bind(UnixDomainSocketAddress.of(stream))
            Program.run("send", "unix:$stream", "x") shouldBe
                Ended(3, "", "ancilla: send EPROTOTYPE unix:$stream: Protocol wrong type for socket\n")
        }
        val socket = directory.resolve("large.sock")
        val large = directory.resolve("large").apply { writeText("x".repeat(1_000_000)) }
        Program.receiving(socket).use {
            Program.run("send", "unix:$socket", "--file", "$large") shouldBe
                Ended(3, "", "ancilla: send EMSGSIZE unix:$socket: Message too long\n")
        }
    }

    test("a directory that is not there cannot be bound in, and a file is not removed") {
        Program.run("recv", "unix:$directory/no/x.sock") shouldBe
            Ended(3, "", "ancilla: bind ENOENT unix:$directory/no/x.sock: No such file or directory\n")

        val file = directory.resolve("precious").apply { writeText("kept") }
        Program.run("recv", "unix:$file", "--replace-stale") shouldBe
            Ended(3, "", "ancilla: bind EADDRINUSE unix:$file: Address already in use\n")
        file.toFile().readText() shouldBe "kept"
    }

    test("a file that cannot be sent is told, with its path") {
        Program.run("send", "unix:$directory/x.sock", "--file", "$directory") shouldBe
            Ended(3, "", "ancilla: read EISDIR $directory: Is a directory\n")
        Program.run("send", "unix:$directory/x.sock", "--file", "$directory/no") shouldBe
            Ended(3, "", "ancilla: open ENOENT $directory/no: No such file or directory\n")
    }

    test("a stack trace is for who asks for it") {
        val missing = "unix:${directory.resolve("missing.sock")}"
        Program.run("send", missing, "x").err shouldNotContain "\tat "
        Program.run("--debug", "send", missing, "x").err shouldContain "\tat dev.ancilla"
        Program.run("send", missing, "x", "--debug").err shouldContain "\tat dev.ancilla"
    }

    test("a provider that is not there is named") {
        Program.tool("send", "unix:/x", "x", environment = mapOf("ANCILLA_PROVIDER" to "nonesuch")).use {
            it.status() shouldBe 3
            it.err shouldContain "ancilla: provider nonesuch was asked for and is not available"
        }
    }

    context("bad usage is status 2, says what is wrong and does nothing:") {
        val long = "unix:/" + "x".repeat(120)
        val bad =
            mapOf(
                listOf("nonesuch") to "nonesuch",
                listOf("recv") to "<address>",
                listOf("recv", long) to "121 bytes, at most 107 fit",
                listOf("recv", "unix-stream:/tmp/x", "--join", "224.0.0.1") to
                    "only for udp: addresses: --join",
                listOf(
                    "recv",
                    "unix:/tmp/x",
                    "--keep-open",
                ) to "only for unix-stream: and unix-seqpacket: addresses: --keep-open",
                listOf("send", "unix-stream:/tmp/x", "y", "--bind", "auto") to
                    "not for unix-stream: addresses: --bind",
                listOf("send", "unix-stream:/tmp/x", "--empty", "--inherit-fd", "0") to
                    "a stream carries descriptors beside a byte",
                listOf("send", "unix-stream:/tmp/x", "", "--inherit-fd", "0") to
                    "a stream carries descriptors beside a byte",
                listOf("send", "unix-stream:/tmp/x", "--file", "/dev/null", "--inherit-fd", "0") to
                    "a stream carries descriptors beside a byte",
                listOf("send", "udp:127.0.0.1:9", "y", "--bind", "unix:/tmp/y") to
                    "--bind unix:/tmp/y: not a udp: address",
                listOf("send", "unix:/tmp/x", "y", "--bind", "udp:127.0.0.1:0") to
                    "--bind udp:127.0.0.1:0: not a unix: address",
                listOf("recv", "unix-seqpacket:") to "unix path is empty: unix-seqpacket:",
                listOf("recv", "udp:nowhere") to "not udp:HOST:PORT",
                listOf("recv", "unix:/tmp/x", "--limit", "0") to "--limit",
                listOf("recv", "unix:/tmp/x", "--timeout", "-1") to "--timeout",
                listOf("recv", "unix:/tmp/x", "--mode", "0888") to "--mode",
                listOf("recv", "unix:/tmp/x", "--max-fds", "254") to "--max-fds",
                listOf("recv", "unix:/tmp/x", "--count", "0") to "--count",
                listOf("recv", "unix:/tmp/x", "--format", "xml") to "--format",
                listOf("recv", "udp:127.0.0.1:0", "--mode", "0600") to "only for unix: addresses: --mode",
                listOf("send", "unix:/tmp/x") to "give MESSAGEs, --file, --stdin or --empty",
                listOf("send", "unix:/tmp/x", "y", "--empty") to "one of these",
                listOf("send", "unix:/tmp/x", "y") + List(254) { listOf("--inherit-fd", "0") }.flatten() to
                    "254 descriptors, at most 253 fit one message",
            )
        for ((args, told) in bad) {
            test(args.take(5).joinToString(" ").take(60)) {
                val ended = Program.run(*args.toTypedArray())
                ended.status shouldBe 2
                ended.out shouldBe ""
                ended.err shouldContain told
            }
        }
    }

    test("help is no failure") {
        val help = Program.run("recv", "--help")
        help.status shouldBe 0
        help.out shouldContain "--replace-stale"
    }
})
