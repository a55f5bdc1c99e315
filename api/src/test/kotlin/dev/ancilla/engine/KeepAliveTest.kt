package dev.ancilla.engine

import dev.ancilla.Sockets
import dev.ancilla.scripted.PATIENCE
import dev.ancilla.scripted.leavesNoDescriptors
import dev.ancilla.scripted.waitFor
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread

class KeepAliveTest : FunSpec({
    leavesNoDescriptors()

    fun child(mode: String): Process = ProcessBuilder(
        System.getProperty("java.home") + "/bin/java",
        "-cp",
        System.getProperty("java.class.path"),
        KeepAliveChild::class.java.name,
        mode,
    ).redirectErrorStream(true).start()

    fun Process.exitCodeInTime(): Int {
        if (!waitFor(PATIENCE.inWholeSeconds, TimeUnit.SECONDS)) {
            destroyForcibly()
            error("the process lives on")
        }
        return exitValue()
    }

    test("an open socket, even one that is waited for, keeps no process alive") {
        child("default").exitCodeInTime() shouldBe 0
    }

    test("one that is told to does, until it is closed") {
        val process = child("keep")
        process.inputReader().readLine() shouldBe "main has ended"
        process.waitFor(500, TimeUnit.MILLISECONDS) shouldBe false
        process.outputWriter().apply { write("close\n") }.flush()
        process.exitCodeInTime() shouldBe 0
    }

    test("or until it is told otherwise") {
        val process = child("keep")
        process.inputReader().readLine() shouldBe "main has ended"
        process.outputWriter().apply { write("let go\n") }.flush()
        process.exitCodeInTime() shouldBe 0
    }

    test("one thread keeps the process, for however many sockets, and ends with the last") {
        fun keepers() = Thread.getAllStackTraces().keys.filter { it.name == "ancilla-keep-alive" }
        val sockets = List(3) { Sockets.udp().open() }
        repeat(2) { sockets.forEach { it.keepProcessAlive(true) } }
        waitFor(1) { keepers().size }
        keepers().single().isDaemon shouldBe false
        sockets[0].close()
        sockets[1].keepProcessAlive(false)
        sockets[2].keepProcessAlive(false)
        sockets[2].keepProcessAlive(true)
        waitFor(1) { keepers().size }
        sockets.forEach { it.close() }
        sockets[2].keepProcessAlive(true)
        waitFor(0) { keepers().size }
    }

    test("an interrupt of that thread neither ends it nor makes it spin") {
        Sockets.udp().open().use { socket ->
            socket.keepProcessAlive(true)
            val keeper = Thread.getAllStackTraces().keys.single { it.name == "ancilla-keep-alive" }
            keeper.interrupt()
            waitFor(Thread.State.WAITING to false) { keeper.state to keeper.isInterrupted }
        }
    }
})

/** The program that [KeepAliveTest] starts. */
object KeepAliveChild {
    @JvmStatic
    fun main(args: Array<String>) {
        val socket = Sockets.udp().open()
        socket.async().receive()
        if (args.single() == "keep") {
            socket.keepProcessAlive(true)
            thread(isDaemon = true) {
                when (readln()) {
                    "close" -> socket.close()
                    "let go" -> socket.keepProcessAlive(false)
                }
            }
        }
        println("main has ended")
    }
}
