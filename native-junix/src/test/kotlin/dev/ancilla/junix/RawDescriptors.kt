package dev.ancilla.junix

import org.newsclub.net.unix.AFUNIXDatagramChannel
import org.newsclub.net.unix.AFUNIXSelectorProvider
import org.newsclub.net.unix.FileDescriptorCast
import java.io.File
import java.io.FileDescriptor
import java.lang.ref.Reference
import java.nio.channels.FileChannel

private fun receiver() = rawBound().apply { setAncillaryReceiveBufferSize(256) }

private fun AFUNIXDatagramChannel.receiveOneDescriptor(): FileDescriptor {
    val sender = rawConnected(this)
    sender.setOutboundFileDescriptors(rawFile())
    sender.write(bytes("x"))
    receive(room())
    return receivedFileDescriptors.single()
}

/** Never closed, see A6. */
private val RAW_CHANNELS = mutableListOf<FileChannel>()

internal val RAW_DESCRIPTORS =
    listOf(
        RawRow("A2", "leaks 60 descriptors of a message that brings 61", "ControlBuffer") {
            val receiver = rawBound().apply { setAncillaryReceiveBufferSize(65_536) }
            val sender = rawConnected(receiver)
            sender.setOutboundFileDescriptors(*Array(61) { rawFile() })
            sender.write(bytes("x"))
            val before = descriptorCount()
            val lost = fails { receiver.receive(room()) } && receiver.receiveRaw() == null
            lost && descriptorCount() == before + 60
        },
        RawRow("A4", "leaks the descriptor of a channel that it cast", "Worker.close") {
            val socket = rawBound()
            val before = descriptorCount()
            val cast = FileDescriptorCast.duplicating(socket.fileDescriptor)
            cast.`as`(AFUNIXDatagramChannel::class.java).close()
            descriptorCount() == before + 1
        },
        RawRow("A5", "leaks the descriptors of a socket pair", "JunixProvider.pairDgram") {
            val before = descriptorCount()
            repeat(10) { AFUNIXSelectorProvider.provider().openDatagramChannelPair().close() }
            descriptorCount() >= before + 20
        },
        // It takes /dev/null for its temporary file: closed by root, such a channel deletes it for the whole
        // machine. So this row never closes one.
        RawRow("A6", "opens /dev/null to cast a FileChannel", "JunixFd") {
            val copy = FileDescriptorCast.duplicating(rawFile()).fileDescriptor
            val before = openDescriptors()
            val channel = FileDescriptorCast.using(copy).`as`(FileChannel::class.java)
            RAW_CHANNELS.add(channel)
            (openDescriptors() - before).any { it.endsWith("/dev/null") }
        },
        RawRow("A7", "closes received descriptors with their socket", "Received") {
            val receiver = receiver()
            val received = receiver.receiveOneDescriptor()
            check(received.valid())
            receiver.close()
            !received.valid()
        },
        RawRow("A8", "leaves received descriptors open that are cleared", "Received") {
            val receiver = receiver()
            val before = descriptorCount()
            val sender = rawConnected(receiver)
            sender.setOutboundFileDescriptors(rawFile())
            sender.write(bytes("x"))
            receiver.receive(room())
            receiver.clearReceivedFileDescriptors()
            descriptorCount() == before + 3 // The sender, its file, and what was received.
        },
        RawRow("A12", "receives descriptors that stay open across exec", "Received") {
            val receiver = receiver()
            val received = receiver.receiveOneDescriptor()
            val stays = !isCloseOnExec(FileDescriptorCast.using(received).`as`(Int::class.javaObjectType))
            Reference.reachabilityFence(receiver) // With it junixsocket closes what it has received.
            stays
        },
        RawRow("H1", "clamps the room for descriptors to 256 bytes", "Internals") {
            rawBound().apply { setAncillaryReceiveBufferSize(2_048) }.ancillaryReceiveBufferSize == 256
        },
    )

/** O_CLOEXEC is 02000000 in the flags of proc(5). */
internal fun isCloseOnExec(number: Int): Boolean = File("/proc/self/fdinfo/$number")
    .readLines()
    .first { it.startsWith("flags:") }
    .substringAfter(':')
    .trim()
    .toLong(8)
    .and(0x80000) != 0L
