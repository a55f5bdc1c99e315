package dev.ancilla.junix

import dev.ancilla.testkit.cpuPercent
import org.newsclub.net.unix.AFUNIXDatagramChannel
import java.net.DatagramPacket
import java.nio.ByteBuffer
import java.util.concurrent.CountDownLatch
import kotlin.concurrent.thread

private fun sendEmpty(to: AFUNIXDatagramChannel) {
    val packet = DatagramPacket(ByteArray(0), 0)
    packet.address = to.localAddress!!.wrapAddress()
    rawSocket().socket().send(packet)
}

internal val RAW_RECEIVES =
    listOfNotNull(
        RawRow("A14", "closes the socket whose peer connected elsewhere", "JunixSocket.mendWorker") {
            val socket = rawBound()
            val peer = rawBound()
            socket.connect(peer.localAddress)
            peer.connect(socket.localAddress)
            socket.write(bytes("unread"))
            peer.connect(rawBound().localAddress)
            fails { socket.receive(room()) } && !socket.fileDescriptor.valid()
        },
        RawRow("A25", "closes the socket of a thread that was interrupted before", "LoopCall") {
            val socket = rawBound()
            Thread.currentThread().interrupt()
            val failed = fails { socket.receive(room()) }
            Thread.interrupted()
            failed && !socket.isOpen
        },
        RawRow("A27", "pads the abstract name of a sender", "Addresses.ofSender") {
            val receiver = rawBound()
            rawBound().send(bytes("x"), receiver.localAddress)
            val sender = receiver.receive(room())
            sender.pathAsBytes.size >= 107 && fails { rawSocket().send(bytes("x"), sender) }
        },
        RawRow("B1", "says null for a message of an unnamed sender", "Receiving") {
            val receiver = rawBound()
            rawSocket().send(bytes("x"), receiver.localAddress)
            val buffer = room()
            receiver.receive(buffer) == null && buffer.position() == 1
        },
        RawRow("B2", "says the same for an empty message and for none", "Receiving.peek") {
            val receiver = rawBound()
            sendEmpty(receiver)
            val buffer = room()
            val empty = receiver.receive(buffer)
            val none = receiver.receive(buffer)
            empty == null && none == null && buffer.position() == 0
        },
        RawRow("B5", "does not tell that a message was cut", "DgramWorker.nextSize") {
            val receiver = rawBound()
            rawBound().send(bytes("0123456789"), receiver.localAddress)
            val buffer = ByteBuffer.allocate(4)
            receiver.receive(buffer) != null && buffer.position() == 4
        },
        RawRow("B6", "installs descriptors when it only peeks", "Receiving.peek") {
            val receiver = rawBound().apply { setAncillaryReceiveBufferSize(256) }
            val sender = rawConnected(receiver)
            sender.setOutboundFileDescriptors(rawFile())
            sender.write(bytes("x"))
            receiver.socket().peek(DatagramPacket(ByteArray(1), 1))
            receiver.receivedFileDescriptors.size == 1
        },
        RawRow("B16", "writes through read-only buffers", "a payload is always our own array") {
            val receiver = rawBound()
            rawBound().send(bytes("x"), receiver.localAddress)
            val buffer = ByteBuffer.allocateDirect(10)
            receiver.receive(buffer.asReadOnlyBuffer())
            buffer.get(0) == 'x'.code.toByte()
        },
        RawRow("B17", "ends a blocking receive with null when the socket is closed", "Watch.close") {
            val socket = rawBound().apply { configureBlocking(true) }
            var outcome: Result<Any?>? = null
            val waiter = thread { outcome = runCatching { socket.receive(room()) } }
            until("the receive waits") { waiter.stackTrace.any { it.isNativeMethod } }
            Thread.sleep(200)
            socket.close()
            waiter.join(5_000)
            outcome == Result.success(null)
        },
        RawRow("H3", "closes sockets whose receiving threads are interrupted", "Receiving") {
            var died = 0
            repeat(100) {
                val socket = rawBound()
                val started = CountDownLatch(1)
                val receiver =
                    thread {
                        started.countDown()
                        repeat(200) {
                            Thread.interrupted()
                            runCatching { socket.receive(room()) }
                        }
                    }
                started.await()
                while (receiver.isAlive) {
                    receiver.interrupt()
                }
                if (!socket.isOpen || !socket.fileDescriptor.valid()) {
                    died++
                }
            }
            died > 0
        },
        // Virtual threads are not in older JDKs; A24 is about nothing there.
        if (Runtime.version().feature() < 21) {
            null
        } else {
            RawRow("A24", "spins while a virtual thread waits to receive", "BlockingView waits parked") {
                val socket = rawBound().apply { configureBlocking(true) }
                val start = Thread::class.java.getMethod("startVirtualThread", Runnable::class.java)
                start.invoke(null, Runnable { runCatching { socket.receive(room()) } })
                cpuPercent() > 30
            }
        },
    )
