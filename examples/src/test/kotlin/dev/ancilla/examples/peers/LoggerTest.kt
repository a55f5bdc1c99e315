package dev.ancilla.examples.peers

import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.examples.tool.Program
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldMatch

/** logger(1) of util-linux, which writes to any socket as to that of a system log. */
internal class LoggerTest : PeerSpec({
    val withLogger = Program.needed("logger")
    val path = tempdir().toPath().resolve("log.sock")

    fun logger(vararg args: String, input: String = "") {
        val options =
            listOf("-u", "$path", "--socket-errors=on", "-t", "tag", "--id=77", "-p", "local0.warning")
        Program(listOf("logger") + options + args, input.encodeToByteArray()).use {
            it.status() shouldBe 0
            it.err shouldBe ""
        }
    }

    suspend fun received(count: Int = 1, log: () -> Unit): List<String> =
        Sockets.unixDgram().bind(UnixAddress.path(path)).use { socket ->
            log()
            List(count) { socket.receiveText() }
        }

    test("logger's message in RFC 3164 is one datagram: priority, time, host, tag, text")
        .config(enabledOrReasonIf = { withLogger }) {
            received { logger("--rfc3164", "grüße aus C") }.single() shouldMatch
                """<132>\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ tag\[77]: grüße aus C"""
        }

    test("logger's message in RFC 5424 is one datagram: version, time, host, ids, data, text")
        .config(enabledOrReasonIf = { withLogger }) {
            val data = arrayOf("--msgid", "ID47", "--sd-id", "on@32473", "--sd-param", "key=\"value\"")
            received { logger("--rfc5424", *data, "two words") }.single() shouldMatch
                """<132>1 \d{4}-\d\d-\d\dT\S+ \S+ tag 77 ID47 (\[timeQuality [^]]*])?""" +
                """\[on@32473 key="value"] two words"""
        }

    test("logger's message in its own form, for a local log, is one datagram without a host")
        .config(enabledOrReasonIf = { withLogger }) {
            received { logger("plain") }.single() shouldMatch
                """<132>\w{3} [ \d]\d \d\d:\d\d:\d\d tag\[77]: plain"""
        }

    test("each line that logger reads is a datagram, in order").config(enabledOrReasonIf = { withLogger }) {
        received(3) { logger("--rfc5424=notime,notq,nohost", input = "one\ntwo\nthree\n") } shouldBe
            listOf("one", "two", "three").map { "<132>1 - - tag 77 - - $it" }
    }
})
