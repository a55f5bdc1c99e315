package dev.ancilla.testkit

import java.nio.file.Files
import java.nio.file.attribute.PosixFilePermissions

/** What the user of the tests may do, and how a process is started that may do less: `setpriv(1)`. */
internal object Privileges {
    /** Starts a command without the right to write everywhere. */
    val DROPPING = listOf("setpriv", "--bounding-set=-all", "--inh-caps=-all")

    /** Starts a command as a user and a group that are certainly others. */
    val OTHERS = listOf("setpriv", "--reuid=$OTHER_ID", "--regid=$OTHER_ID", "--clear-groups")

    /** Whether this user may write where the permissions say that nobody may. */
    val writesAnywhere: Boolean by lazy {
        val closed = Files.createTempDirectory("ancilla")
        try {
            Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("r-xr-xr-x"))
            Files.isWritable(closed)
        } finally {
            Files.delete(closed)
        }
    }

    /** Why nothing can be tried without permission here, if nothing can. */
    fun withoutWayToDropThem(): String? = "this user may write anywhere, and setpriv(1) cannot take that away"
        .takeIf { writesAnywhere && !runs(DROPPING + "true") }

    /** Why nothing can be tried as another user here, if nothing can. */
    fun withoutOtherUser(): String? =
        "only root starts processes of other users, with setpriv(1) and logger(1)"
            .takeUnless { runs(OTHERS + "true") && runs(listOf("logger", "--version")) }

    private fun runs(command: List<String>): Boolean =
        runCatching { Forked.run(command) == 0 }.getOrDefault(false)
}

/** The user and the group that have no rights anywhere. */
internal const val OTHER_ID = 65_534

/** A command whose end is waited for. */
internal object Forked {
    /** Returns its exit status. */
    fun run(command: List<String>): Int = start(command).waitFor()

    fun start(command: List<String>): Process = ProcessBuilder(command)
        .redirectInput(ProcessBuilder.Redirect.from(java.io.File("/dev/null")))
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start()
}
