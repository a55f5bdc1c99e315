package dev.ancilla.examples

import dev.ancilla.Feature
import dev.ancilla.Sockets
import dev.ancilla.StreamSocket
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.connect
import dev.ancilla.coroutines.lines
import dev.ancilla.coroutines.write
import dev.ancilla.examples.tool.Program
import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.collections.shouldHaveSize
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.isActive
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicBoolean

/** Three processes, each the successor of the one before, while clients connect without a pause. */
class HandOverTest : FunSpec({
    timeout = 120_000

    val streams = Program.neededWithStreams()
    val whether = if (streams.isEnabled && !exports()) Program.skipped("no export here") else streams
    val directory = tempdir().toPath()
    val address = UnixAddress.path(directory.resolve("service.sock"))

    fun start(): Program {
        val program = Program.example("HandOverKt", "$address", "unix:$directory/succession.sock")
        program.until("service") { "serves at" in program.out }
        return program
    }

    suspend fun <T> connected(use: suspend (StreamSocket) -> T): T = Sockets.unixStream().open().use {
        it.connect(address)
        use(it)
    }

    /** Asks one question and returns the process that answered. */
    suspend fun ask(socket: StreamSocket, question: String): String {
        socket.write("$question\n")
        val (process, echoed) = socket.lines().first().split(": ", limit = 2)
        echoed shouldBe question
        return process
    }

    test("no connection is refused or lost while the listening socket goes from process to process")
        .config(enabledOrReasonIf = { whether }) {
            val answers = ConcurrentHashMap.newKeySet<String>()
            val programs = mutableListOf(start())
            val enough = AtomicBoolean()
            try {
                coroutineScope {
                    // Whatever fails in one of them fails the test.
                    val clients =
                        List(2) { n ->
                            launch(Dispatchers.Default) {
                                var asked = 0
                                while (isActive && !enough.get()) {
                                    answers.add(connected { ask(it, "${asked++} of client $n") })
                                }
                            }
                        }
                    connected { loyal ->
                        val first = ask(loyal, "who are you")
                        repeat(2) {
                            val successor = start().also(programs::add)
                            val process = successor.out.substringAfter("process ").substringBefore(" serves")
                            successor.until("answer of its own") { process in answers }
                        }
                        // Who had connected before is served to the end by whoever accepted them.
                        ask(loyal, "and still") shouldBe first
                        programs.first().isRunning() shouldBe true
                    }
                    programs.dropLast(1).forEach { it.status() shouldBe 0 }
                    // After its answer: who closes before that resets the connection, and the service says so.
                    enough.set(true)
                    clients.joinAll()
                }
                answers shouldHaveSize 3
                programs.forEach { it.err shouldBe "" }
                programs.first().out shouldContain "has ended its last connection"
            } finally {
                programs.forEach(Program::close)
            }
        }
})

private fun exports() = Sockets.unixStream().open().use { Feature.EXPORT in it.features() }
