package dev.ancilla.junix

import org.newsclub.net.unix.AFUNIXSelectorProvider
import org.newsclub.net.unix.AFUNIXSocketAddress
import java.io.FileInputStream
import java.net.DatagramPacket
import java.net.SocketException
import java.nio.ByteBuffer
import java.nio.channels.SelectionKey
import kotlin.concurrent.thread

internal val RAW_SENDS =
    listOf(
        RawRow("A1", "closes the socket whose send is refused", "Worker") {
            val gone = rawBound()
            val target = gone.localAddress
            gone.close()
            val sender = rawBound()
            fails { sender.send(bytes("x"), target) } && !sender.fileDescriptor.valid()
        },
        RawRow("A9", "drops the descriptors of a send that would block", "DgramWorker.lend each time") {
            val receiver = rawBound().apply { setAncillaryReceiveBufferSize(256) }
            val sender = rawConnected(receiver)
            sender.fill()
            sender.setOutboundFileDescriptors(rawFile())
            check(sender.write(bytes("late")) == 0)
            while (receiver.receiveRaw() != null) {
                // Until there is room.
            }
            check(sender.write(bytes("late")) == 4)
            receiver.receiveRaw() == "late" && receiver.receivedFileDescriptors.isEmpty()
        },
        RawRow("A10", "passes a thread's descriptors with another's message", "the lock of JunixDgram") {
            val receiver = rawBound().apply { setAncillaryReceiveBufferSize(256) }
            val sender = rawConnected(receiver)
            sender.setOutboundFileDescriptors(rawFile())
            thread { sender.write(bytes("another's")) }.join()
            check(sender.write(bytes("mine")) == 4)
            check(receiver.receiveRaw() == "another's")
            receiver.receivedFileDescriptors.size == 1
        },
        RawRow("A11", "closes the socket that is given a closed descriptor", "Holds") {
            val sender = rawConnected(rawBound())
            val closed = rawFile()
            FileInputStream(closed).close()
            fails {
                sender.setOutboundFileDescriptors(closed)
                sender.write(bytes("x"))
            } && !sender.fileDescriptor.valid()
        },
        RawRow("A20", "lets a blocked send hang when its socket is closed", "SendGates") {
            val receiver = rawBound()
            val sender = rawConnected(receiver)
            sender.fill()
            sender.configureBlocking(true)
            val stuck = thread(isDaemon = true) { runCatching { sender.write(bytes("x")) } }
            until("the send waits") { stuck.stackTrace.any { it.isNativeMethod } }
            Thread.sleep(200)
            sender.close()
            stuck.join(1_000)
            stuck.isAlive
        },
        RawRow("A26", "loses a packet for which there is no room and does not tell", "Room") {
            val receiver = rawBound()
            val sender = rawConnected(receiver)
            val queued = sender.fill()
            val packet = DatagramPacket(ByteArray(1), 1)
            packet.address = receiver.localAddress!!.wrapAddress()
            sender.socket().send(packet)
            var received = 0
            while (receiver.receiveRaw() != null) {
                received++
            }
            received == queued
        },
        RawRow("B3", "sends no empty datagram on a channel", "JunixDgram.sendEmpty") {
            val receiver = rawBound()
            rawSocket().send(ByteBuffer.allocate(0), receiver.localAddress) == 0 &&
                receiver.read(room()) == 0
        },
        RawRow("B10", "refuses descriptors on a socket that is not connected", "DgramWorker.lend") {
            val receiver = rawBound()
            val sender = rawSocket()
            fails {
                sender.setOutboundFileDescriptors(rawFile())
                sender.send(bytes("x"), receiver.localAddress)
            }
        },
        RawRow("B11", "tells no errno but in a text", "Failures and LocalTexts") {
            val missing = AFUNIXSocketAddress.of("/nowhere/x.sock".toByteArray())
            val failure = runCatching { rawSocket().connect(missing) }.exceptionOrNull()
            failure?.javaClass == SocketException::class.java
        },
        RawRow("B13", "polls a socket writable whose send would block", "SendGates") {
            val receiver = rawBound()
            val sender = rawSocket()
            while (sender.send(bytes("x"), receiver.localAddress) > 0) {
                // Until there is no room.
            }
            AFUNIXSelectorProvider.provider().openSelector().use { selector ->
                val key = sender.register(selector, SelectionKey.OP_WRITE)
                selector.selectNow()
                key.isWritable
            }
        },
        RawRow("C5", "sends only the first of gathered buffers", "Message.gather") {
            val receiver = rawBound()
            val sender = rawConnected(receiver)
            sender.write(arrayOf(bytes("one"), bytes("two")), 0, 2)
            receiver.receiveRaw() == "one"
        },
    )
