package dev.ancilla.testkit

import dev.ancilla.Datagram
import dev.ancilla.OwnedFd
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.UnixDgramSocket
import java.nio.file.Files
import java.nio.file.Path

/** A path of this test alone, at which nothing is yet. */
internal fun Scene.freshPath(): Path = (subject.freshAddress(directory) as UnixAddress).toPath()

/** Binds a socket that takes [descriptors] with a message. */
internal fun Scene.receiverOf(descriptors: Int): UnixDgramSocket =
    keep(Sockets.unixDgram().maxDescriptors(descriptors).bind(UnixAddress.path(freshPath())))

/** Opens a new file with [text] in it. */
internal fun Scene.fileWith(text: String): OwnedFd = keep(newFile(directory, text))

/** Opens a new file of [directory] with [text] in it. */
internal fun newFile(directory: Path, text: String): OwnedFd {
    val file = Files.createTempFile(directory, "file", "")
    Files.writeString(file, text)
    return OwnedFd.open(file)
}

/** What is in the file, wherever its position is. */
internal fun OwnedFd.readText(): String {
    channel().position(0)
    return String(inputStream().readBytes())
}

/** Takes the descriptors that came, reads each, and closes it. */
internal fun Datagram.readDescriptors(): List<String> =
    use { it.ancillary().takeAll().map { taken -> taken.use(OwnedFd::readText) } }

/**
 * Opens a duplicate of [socket]'s own descriptor, whose number is found in `/proc/self/fd`: it is the
 * one that is there since [before], when the loop's selector was open already.
 */
internal fun Scene.duplicateOf(before: Census): OwnedFd = keep(duplicateSince(before))

/** Opens a duplicate of the first socket that is there since [before]. */
internal fun duplicateSince(before: Census): OwnedFd {
    val number = Census.take().since(before).entries.first { it.value.startsWith("socket:") }.key
    val borrowed = OwnedFd.of(number)
    return borrowed.duplicate().also { borrowed.release() }
}
