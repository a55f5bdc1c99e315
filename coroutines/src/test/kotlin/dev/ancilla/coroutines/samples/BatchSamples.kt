package dev.ancilla.coroutines.samples

import dev.ancilla.DgramSocket
import dev.ancilla.Message
import dev.ancilla.coroutines.receiveBatch
import dev.ancilla.coroutines.send
import java.net.SocketAddress

/** Adds up the bytes of messages, without an allocation a message. */
suspend fun receiveBatches(socket: DgramSocket, messages: Int): Long {
    var bytes = 0L
    socket.newReceiveBatch(64).use { batch ->
        var left = messages
        while (left > 0) {
            val count = socket.receiveBatch(batch)
            for (i in 0 until count) bytes += batch.payload(i).remaining()
            left -= count
        }
    }
    return bytes
}

/** Sends numbers, as many with one system call as the provider can. */
suspend fun sendBatches(socket: DgramSocket, target: SocketAddress, numbers: IntRange) {
    socket.newSendBatch(64).use { batch ->
        for (number in numbers) {
            val message = Message.of("$number").to(target)
            if (!batch.add(message)) {
                socket.send(batch)
                batch.add(message)
            }
        }
        socket.send(batch)
    }
}
