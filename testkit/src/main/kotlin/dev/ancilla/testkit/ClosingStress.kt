package dev.ancilla.testkit

import dev.ancilla.Datagram
import dev.ancilla.DgramSocket
import dev.ancilla.Errno
import dev.ancilla.Feature
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.SendBatch
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.spi.Interest
import io.kotest.matchers.collections.shouldBeEmpty
import java.io.InterruptedIOException
import java.net.SocketAddress
import java.nio.channels.AlreadyBoundException
import java.nio.channels.AlreadyConnectedException
import java.nio.channels.ClosedChannelException
import java.util.concurrent.CancellationException
import java.util.concurrent.ConcurrentLinkedQueue
import kotlin.concurrent.thread
import kotlin.random.Random

private const val ROUNDS = 100

/** A close in the midst of everything else. */
internal fun ContractSpec.closingStress() {
    scenario("$ROUNDS times a close races with every call there is, which all end, and nothing leaks") {
        val passing = Feature.FD_PASSING in features
        val peer = if (subject.isUnix) receiverOf(1) else bound()
        peer.listen { _, _ -> }
        val file = if (passing) fileWith("a") else null
        val strange = ConcurrentLinkedQueue<String>()
        repeat(ROUNDS) {
            val socket =
                if (passing) Sockets.unixDgram().maxDescriptors(1).open() else subject.open()
            val victim = Victim(this, socket, peer, file)
            val threads =
                victim.calls().map { (name, call) ->
                    thread(name = name) {
                        untilClosed(isUnix, call)?.let {
                            strange +=
                                "$name: ${it.stackTraceToString()}"
                        }
                    }
                }
            repeat(Random.nextInt(100_000)) { Thread.onSpinWait() }
            socket.close()
            for (caller in threads) {
                caller.join(PATIENCE_MILLIS)
                if (caller.isAlive) {
                    strange += "${caller.name} goes on: ${caller.stackTrace.joinToString("\n\t")}"
                    caller.interrupt()
                }
            }
            victim.batches.forEach(AutoCloseable::close)
            strange.shouldBeEmpty()
        }
        peer.isOpen || error("it was not the peer that was closed")
    }
}

/** Calls until it is told that the socket is closed; returns what it was told that is not documented. */
private fun untilClosed(isUnix: Boolean, call: () -> Unit): Throwable? {
    while (true) {
        try {
            call()
        } catch (_: ClosedChannelException) {
            return null
        } catch (_: CancellationException) {
            // Given up, on a future or in a coroutine.
        } catch (_: InterruptedIOException) {
            // Given up, on a thread.
        } catch (_: AlreadyBoundException) {
            // Bound before.
        } catch (_: AlreadyConnectedException) {
            // UDP, connected before.
        } catch (e: SocketOpException) {
            // A UDP socket that is connected takes no target, as its table of differences says.
            if (e.errno() != Errno.EISCONN || isUnix) return e
        } catch (e: Throwable) {
            return e
        }
    }
}

/** A socket that will be closed, and what is called on it until then. */
private class Victim(
    private val scene: Scene,
    private val socket: DgramSocket,
    private val peer: DgramSocket,
    private val file: OwnedFd?,
) {
    private val target = peer.localAddress()
    private val message = Message.of("x").to(target).let { if (file == null) it else it.with(file) }

    /** One of each for each call that uses one, for they are for one thread at a time. */
    val batches = ConcurrentLinkedQueue<AutoCloseable>()

    private val incoming get() = socket.newReceiveBatch(4).also(batches::add)
    private val outgoing get() = socket.newSendBatch(4).also(batches::add)

    fun calls(): List<Pair<String, () -> Unit>> = attempts() + members() +
        Style.all.map { style ->
            "receive ($style)" to { givingUpSome(style.receive(socket)) }
        } +
        Style.sending.flatMap { style ->
            val incoming = incoming
            val outgoing = outgoing
            listOf(
                "send ($style)" to { givingUpSome(style.send(socket, message)) },
                "receiveBatch ($style)" to { givingUpSome(style.receiveBatch(socket, incoming)) },
                "send(batch) ($style)" to { givingUpSome(style.sendBatch(socket, outgoing.filled())) },
            )
        }

    private fun attempts(): List<Pair<String, () -> Unit>> {
        val incoming = incoming
        val outgoing = outgoing
        return listOf(
            "tryReceive" to { socket.tryReceive()?.close() ?: Thread.onSpinWait() },
            "trySend" to { socket.trySend(message).let {} },
            "tryReceive(batch)" to { socket.tryReceive(incoming).let {} },
            "trySend(batch)" to { socket.trySend(outgoing.filled()).let {} },
            "arm" to { armingBoth() },
        )
    }

    private fun members(): List<Pair<String, () -> Unit>> = listOf(
        "bind" to { socket.bind(scene.subject.freshAddress(scene.directory)) },
        "connect" to { socket.tryConnect(target).let {} },
        "options" to {
            socket.sendBufferSize(socket.receiveBufferSize())
            socket.queuedSends()
            socket.remoteAddress()
            check(socket.toString().startsWith("socket("))
        },
        "peer" to { write(socket.localAddress()) },
    ) + disconnecting()

    private fun disconnecting(): List<Pair<String, () -> Unit>> = if (Feature.DISCONNECT in
        socket.features()
    ) {
        listOf("disconnect" to { socket.disconnect() })
    } else {
        listOf()
    }

    /** To the victim, which may have no name yet, or be gone. */
    private fun write(name: SocketAddress) {
        runCatching { peer.trySend(message.to(name)) }
        Thread.yield()
    }

    private fun armingBoth() {
        val readiness = socket.readiness()
        listOf(readiness.arm(Interest.READ) {}, readiness.armSend(target) {}, readiness.armSend(null) {})
            .filter { Random.nextBoolean() }
            .forEach { it.cancel() }
        if (!socket.isOpen) throw ClosedChannelException()
    }

    private fun SendBatch.filled(): SendBatch = apply { while (add(message)) Thread.onSpinWait() }

    private fun givingUpSome(call: Call<*>) {
        if (Random.nextInt(4) == 0) call.cancel()
        call.result().onSuccess { if (it is Datagram) it.close() }.getOrThrow()
    }
}
