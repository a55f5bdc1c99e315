package dev.ancilla.junix

import java.util.concurrent.TimeUnit

/** A python3 process that runs a script against our sockets and prints what it saw. */
internal class PythonPeer(script: String, vararg arguments: String) : AutoCloseable {
    private val process =
        ProcessBuilder(listOf("python3", "-c", PRELUDE + script.trimIndent()) + arguments)
            .redirectErrorStream(true)
            .start()
    private val output = elsewhere { process.inputStream.bufferedReader().use { it.readText() } }

    init {
        process.outputStream.close()
    }

    /** Waits for its end and returns what it printed. */
    fun output(): String {
        check(process.waitFor(20, TimeUnit.SECONDS)) { "python3 does not end" }
        return output.get().trim().also { check(process.exitValue() == 0) { it } }
    }

    override fun close() {
        process.destroyForcibly().waitFor()
        output.thread.join(5_000)
    }

    companion object {
        /** `s` is a bound socket; names come as hexadecimal bytes, because arguments hold no NUL. */
        private val PRELUDE =
            """
            import array, os, socket, sys, tempfile
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            s.settimeout(15)
            def name(i): return bytes.fromhex(sys.argv[i])
            def send_fds(data, fds, to):
                s.connect(to) # send_fds of the library knows no target.
                socket.send_fds(s, [data], fds)
            def file(text):
                f = tempfile.TemporaryFile()
                f.write(text.encode())
                f.flush()
                return f.fileno(), f
            """.trimIndent() + "\n"

        /** Why there is no python3, or null. */
        val missing: String? =
            runCatching { run(listOf("python3", "-c", "import socket; socket.send_fds")) }
                .fold({
                    if (it.code ==
                        0
                    ) {
                        null
                    } else {
                        "python3 has no send_fds: ${it.output}"
                    }
                }, { "no python3: $it" })
    }
}

/** A name as the peer takes it. */
internal fun hex(address: dev.ancilla.UnixAddress): String {
    val prefix =
        if (address.kind() ==
            dev.ancilla.UnixAddress.Kind.ABSTRACT
        ) {
            byteArrayOf(0)
        } else {
            byteArrayOf()
        }
    return (prefix + address.name()).joinToString("") { "%02x".format(it) }
}
