package dev.ancilla.ffm

import dev.ancilla.Message
import dev.ancilla.ReceiveBatch
import dev.ancilla.SendBatch
import dev.ancilla.UnixDgramSocket
import dev.ancilla.coroutines.asCoroutineDispatcher
import dev.ancilla.coroutines.receive
import dev.ancilla.coroutines.receiveBatch
import dev.ancilla.coroutines.send
import dev.ancilla.spi.Interest
import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.ints.shouldBeGreaterThan
import io.kotest.matchers.ints.shouldBeLessThanOrEqual
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import java.io.File
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.deleteExisting
import kotlin.io.path.readLines

private const val ROUNDS = 200
private const val BATCH = 10 // What a receiver's queue takes, by default (net.unix.max_dgram_qlen).

/** What a loop's thread may do once in a while: ask for other events, and stop when the JVM does. */
private const val FEW = 20

/** What strace(1) saw of the loop's thread in the time that the child marked. */
private class Trace(val calls: List<String>, val output: String) {
    fun count(name: String, result: Regex = Regex(".*")): Int =
        calls.count { nameOf(it) == name && result.matches(it.substringAfterLast(" = ", "")) }

    /** The calls that are none of these. */
    fun others(vararg names: String): List<String> = calls.filter { nameOf(it) !in names }
}

/** The name of the call, also of one that began earlier, as in `<... epoll_wait resumed>`. */
private fun nameOf(call: String): String = Regex("^(?:<\\.\\.\\. )?(\\w+)").find(call)!!.groupValues[1]

/**
 * Runs [StraceMain] under strace. The child says which threads are the library's, and marks the time that
 * counts by asking for two files that are not there.
 */
private fun traced(task: String): Trace {
    val log = Files.createTempFile("strace", ".log")
    try {
        val run =
            runMain(
                StraceMain::class.java.name,
                arguments = listOf(task),
                prefix = listOf("strace", "-f", "-s", "64", "-o", "$log"),
            )
        withOutput(run) { run.code shouldBe 0 }
        val threads = run.lines.filter { it.startsWith("thread ") }.map { it.substringAfter(' ') }.toSet()
        val marked =
            log
                .readLines()
                .dropWhile { "/marked/start" !in it }
                .takeWhile { "/marked/end" !in it }
        withClue("the marks are in the log") { marked.size shouldBeGreaterThan 0 }
        val calls =
            marked
                .map { it.substringBefore(' ') to it.substringAfter(' ').trim() }
                .filter { (thread, _) -> thread in threads }
                .map { (_, call) -> call }
                // Each call once: where another thread's came between, by its end, which has the result.
                .filterNot { it.endsWith("<unfinished ...>") || it.startsWith("---") || it.startsWith("+++") }
        return Trace(calls, run.output)
    } finally {
        log.deleteExisting()
    }
}

/** System calls are made for messages, and for nothing else. */
class StraceTest :
    FunSpec({
        // strace itself is there in many places where tracing is forbidden.
        val strace = needs("strace", "-f", "-o", "/dev/null", "true")

        test("a batch that is sent and received on the loop is one sendmmsg and one recvmmsg").config(
            enabledOrReasonIf = strace,
        ) {
            val trace = traced("batches")
            withClue(trace.calls.joinToString("\n")) {
                trace.count("sendmmsg") shouldBe ROUNDS
                trace.count("recvmmsg", Regex("$BATCH")) shouldBe ROUNDS
                trace.count("recvmmsg") shouldBe ROUNDS
                // It may look at the other sockets before each, and not more often.
                trace.count("epoll_wait") shouldBeLessThanOrEqual ROUNDS + FEW
                trace.others("sendmmsg", "recvmmsg", "epoll_wait", "futex").size shouldBeLessThanOrEqual FEW
                // The JVM's own, when it stops the thread; none a message.
                trace.count("futex") shouldBeLessThanOrEqual ROUNDS
            }
        }

        test("messages of another thread cost the loop a recvmmsg a batch, and a wait where there are none")
            .config(enabledOrReasonIf = strace) {
                val trace = traced("flood")
                withClue(trace.calls.joinToString("\n")) {
                    val batches = trace.count("recvmmsg", Regex("[1-9]\\d*"))
                    val waits = trace.count("epoll_wait")
                    batches shouldBeGreaterThan 0
                    batches shouldBeLessThanOrEqual ROUNDS * BATCH
                    // At most one attempt in vain before each wait, and one batch after it.
                    trace.count("recvmmsg", Regex("-1 EAGAIN.*")) shouldBeLessThanOrEqual waits
                    waits shouldBeLessThanOrEqual batches + FEW
                    trace.others("recvmmsg", "epoll_wait", "futex").size shouldBeLessThanOrEqual FEW
                    // The JVM's own, when it stops the thread; none a message.
                    trace.count("futex") shouldBeLessThanOrEqual ROUNDS * BATCH / 10
                }
            }

        test("a loop whose sockets and waits are idle makes no system call for a second").config(
            enabledOrReasonIf = strace,
        ) {
            val trace = traced("idle")
            withClue(trace.output) {
                trace.output shouldContain "thread "
                trace.calls.shouldBeEmpty()
            }
        }
    })

/** What is traced. */
internal object StraceMain {
    @JvmStatic
    fun main(words: Array<String>) {
        when (val task = words[0]) {
            "batches" -> batches()
            "flood" -> flood()
            "idle" -> idle()
            else -> error("no such task: $task")
        }
        // Not waiting for the threads that wait for messages.
        System.out.flush()
        Runtime.getRuntime().halt(0)
    }

    private fun mark(what: String) = Files.exists(Path.of("/marked/$what"))

    private fun tellThreads() {
        for (thread in File("/proc/self/task").listFiles()!!) {
            if (thread.resolve("comm").readText().startsWith("ancilla")) println("thread ${thread.name}")
        }
    }

    /** Sends batches to itself on the loop. */
    private fun batches() {
        bound().use { socket ->
            runBlocking(socket.eventLoop().asCoroutineDispatcher()) {
                socket.newReceiveBatch(64).use { received ->
                    socket.newSendBatch(BATCH).use { sent ->
                        exchange(socket, sent, received)
                        tellThreads()
                        mark("start")
                        exchange(socket, sent, received)
                        mark("end")
                    }
                }
            }
        }
    }

    private suspend fun exchange(socket: UnixDgramSocket, sent: SendBatch, received: ReceiveBatch) {
        val message = Message.of("message").to(socket.localAddress())
        repeat(ROUNDS) {
            repeat(BATCH) { sent.add(message) }
            socket.send(sent)
            check(socket.receiveBatch(received) == BATCH)
        }
    }

    /** Receives on the loop what another thread sends. */
    private fun flood() {
        bound().use { socket ->
            unnamed().use { sender ->
                sender.tryConnect(socket.localAddress())
                val loop = socket.eventLoop().asCoroutineDispatcher()
                repeat(2) { round ->
                    runBlocking {
                        val receiving =
                            launch(loop) {
                                socket.newReceiveBatch(64).use { received ->
                                    var left = ROUNDS * BATCH
                                    while (left > 0) left -= socket.receiveBatch(received)
                                }
                            }
                        if (round == 1) {
                            tellThreads()
                            mark("start")
                        }
                        repeat(ROUNDS * BATCH) { sender.send("message", null) }
                        receiving.join()
                        if (round == 1) mark("end")
                    }
                }
            }
        }
    }

    /** Waits in all ways at once: for messages, for room in full targets, with listeners. */
    private fun idle() {
        val full = bound()
        val sockets = List(20) { bound() }
        val sender = unnamed().also { it.fill(full.localAddress()) }
        val coroutines = CoroutineScope(sender.eventLoop().asCoroutineDispatcher())
        for ((i, socket) in sockets.withIndex()) {
            when (i % 4) {
                0 -> coroutines.launch { socket.receive().close() }
                1 -> CoroutineScope(Dispatchers.Default).launch { socket.receive().close() }
                2 -> socket.async().receive()
                else -> socket.readiness().arm(Interest.READ) {}
            }
        }
        CoroutineScope(Dispatchers.Default).launch {
            sender.send(Message.of("late").to(full.localAddress()))
        }
        Thread.sleep(2_000) // Until all of them wait.
        check(sender.queuedSends() == 1)
        tellThreads()
        mark("start")
        Thread.sleep(1_000)
        mark("end")
    }
}
