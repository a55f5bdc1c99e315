package dev.ancilla.testkit

import dev.ancilla.UnixAddress
import java.nio.file.Path

/**
 * A process that binds to a path of 108 bytes, all that `sun_path` has: the kernel takes it (unix(7),
 * BUGS), and no [UnixAddress] does.
 */
internal object LongPath {
    private const val SUN_PATH = 108

    private val PRELUDE =
        """
        import array, ctypes, socket, struct, sys, tempfile
        def bound(kind):
            s = socket.socket(socket.AF_UNIX, kind)
            name = struct.pack("H", socket.AF_UNIX) + sys.argv[1].encode()
            assert ctypes.CDLL(None).bind(s.fileno(), name, len(name)) == 0
            s.connect(sys.argv[2])
            return s
        """.trimIndent() + "\n"

    private val MESSAGE =
        """
        s = bound(socket.SOCK_DGRAM)
        f = tempfile.TemporaryFile()
        f.write(b"a stranger's")
        f.flush()
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [f.fileno()]))
        s.sendmsg([b"from a stranger"], [rights])
        """.trimIndent()

    private val CONNECTION =
        """
        s = bound(socket.SOCK_STREAM)
        s.sendall(b"from a stranger")
        """.trimIndent()

    /** Why there is no such process, if there is none. */
    fun missing(): String? = "python3 is not here"
        .takeUnless { runCatching { run("import ctypes") == 0 }.getOrDefault(false) }

    /** Sends one message with a file, from a path of [directory]. */
    fun send(directory: Path, to: UnixAddress) = perform(MESSAGE, directory, to)

    /** Connects, writes and ends. */
    fun connect(directory: Path, to: UnixAddress) = perform(CONNECTION, directory, to)

    private fun perform(script: String, directory: Path, to: UnixAddress) {
        val path = "$directory/".padEnd(SUN_PATH, 'x')
        check(run(PRELUDE + script, path, to.toPath().toString()) == 0) { "python3 could not" }
    }

    private fun run(script: String, vararg arguments: String) =
        Forked.run(listOf("python3", "-c", script) + arguments)
}
