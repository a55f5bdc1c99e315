package dev.ancilla.junix

import io.kotest.core.test.Enabled
import io.kotest.matchers.shouldBe
import java.net.StandardProtocolFamily
import java.net.UnixDomainSocketAddress
import java.nio.channels.ServerSocketChannel
import java.nio.file.Files
import java.nio.file.attribute.PosixFilePermissions

private val GERMAN = mapOf("LC_ALL" to "de_DE.UTF-8", "LANGUAGE" to "de")

/** Errors keep their symbols where strerror(3) speaks another language. */
class GermanTest : RowSpec({
    val missing =
        runCatching { run(listOf("ls", "/nowhere"), GERMAN).output }
            .fold({
                if ("nicht gefunden" in
                    it
                ) {
                    null
                } else {
                    "no German texts here: ${it.trim()}"
                }
            }, { "no ls: $it" })
    missing?.let {
        println("GermanTest is skipped: $it (localedef -i de_DE -f UTF-8 de_DE.UTF-8 makes the locale)")
    }

    test("B11 errors are symbolic while their texts are German").config(
        enabledOrReasonIf = { missing?.let { Enabled.disabled(it) } ?: Enabled.enabled },
    ) {
        val stale = directory.resolve("stale").also { stalePath(it) }
        val stream = directory.resolve("stream")
        val closed = Files.createDirectory(directory.resolve("closed"))
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("---------"))
        ServerSocketChannel.open(StandardProtocolFamily.UNIX).use { server ->
            server.bind(UnixDomainSocketAddress.of(stream))
            // Whoever may write to a socket file may send.
            for (path in listOf(stale, stream)) {
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-rw-rw-"))
            }
            makeReadable(directory)
            val asNobody = Files.getAttribute(directory, "unix:uid") == 0
            val run =
                runMain(
                    "dev.ancilla.junix.GermanMain",
                    arguments = listOf("$stale", "$stream", "$closed/socket"),
                    prefix =
                        if (asNobody) {
                            listOf("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
                        } else {
                            emptyList()
                        },
                    environment = GERMAN,
                    readable = directory,
                )
            withOutput(run) {
                run.lines.mapNotNull { it.split(" = ").takeIf { it.size == 2 } }.map { it[0] } shouldBe
                    listOf(
                        "send ENOENT",
                        "send ECONNREFUSED",
                        "send EMSGSIZE",
                        "send EPROTOTYPE",
                        "bind EACCES",
                        "send ENOTCONN",
                        "bind EADDRINUSE",
                        "send EPERM",
                    )
                val text = run.lines.first { "ENOENT" in it }.substringAfter(" = ")
                text shouldBe "Datei oder Verzeichnis nicht gefunden"
            }
        }
    }
})
