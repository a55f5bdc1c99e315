package dev.ancilla.junix

import org.newsclub.net.unix.AFUNIXSocketAddress
import java.lang.module.ModuleFinder
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.attribute.PosixFilePermissions

internal val RAW_SOCKETS =
    listOf(
        RawRow("A15", "removes a file to bind in its place", "Binding.refuseIfExists") {
            val file = rawDirectory().resolve("precious").apply { writeText("precious") }
            rawSocket().bind(AFUNIXSocketAddress.of(file))
            !file.isFile && file.exists()
        },
        RawRow("A17", "gives every socket file mode 0666", "Umask") {
            val file = rawDirectory().resolve("socket")
            rawSocket().bind(AFUNIXSocketAddress.of(file))
            PosixFilePermissions.toString(Files.getPosixFilePermissions(file.toPath())) == "rw-rw-rw-"
        },
        RawRow("A18", "closes the socket whose bind fails", "JunixDgram.bindTo") {
            val taken = rawBound().localAddress
            val socket = rawSocket()
            fails { socket.bind(taken) } && !socket.fileDescriptor.valid()
        },
        RawRow("A19", "leaves the file of a closed socket that says it removes it", "Binding.unlink") {
            val file = rawDirectory().resolve("socket")
            val socket = rawSocket().apply { bind(AFUNIXSocketAddress.of(file)) }
            val promised = socket.isDeleteOnClose
            socket.close()
            promised && file.exists()
        },
        RawRow("A28", "leaves a file at a name that it cut", "UnixAddress.checkLength") {
            val directory = rawDirectory()
            val name = "x".repeat(109 - directory.path.length - 1)
            fails { rawSocket().bind(AFUNIXSocketAddress.of(directory.resolve(name))) } &&
                directory.resolve(name.dropLast(1)).exists()
        },
        RawRow("B14", "has no autobind", "Addresses.randomName") { fails { rawSocket().bind(null) } },
        RawRow("H5", "does not require the module of its native library", "our module descriptor") {
            val jars = classPath().split(":").filter { "junixsocket-common" in it }.map { Path.of(it) }
            val descriptor = ModuleFinder.of(*jars.toTypedArray()).findAll().single().descriptor()
            descriptor.requires().none { it.name() == "com.kohlschutter.junixsocket.nativecommon" }
        },
    ) + disconnecting()

/** Repaired for JDK 22 and newer, in junixsocket or by the JDK. */
private fun disconnecting() = if (Runtime.version().feature() >= 22) {
    emptyList()
} else {
    listOf(
        RawRow("B9", "ignores disconnect", "Disconnecting") {
            val socket = rawConnected(rawBound())
            socket.disconnect()
            socket.remoteAddress != null
        },
    )
}
