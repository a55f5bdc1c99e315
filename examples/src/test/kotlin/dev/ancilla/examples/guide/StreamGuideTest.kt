package dev.ancilla.examples.guide

import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.end
import dev.ancilla.coroutines.read
import dev.ancilla.coroutines.readExactly
import dev.ancilla.examples.printedBy
import dev.ancilla.examples.tool.Program
import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import java.nio.ByteBuffer
import kotlin.io.path.writeText
import kotlin.random.Random

/** Runs what the guides show of streams. */
class StreamGuideTest : FunSpec({
    timeout = 60_000

    val whether = Program.neededWithStreams()
    val directory = tempdir().toPath()

    fun address(name: String) = UnixAddress.path(directory.resolve("$name.sock"))

    test("a server in Kotlin greets each line, to the end of the stream").config(enabledOrReasonIf = {
        whether
    }) {
        Sockets.unixServer().listen(address("greeting")).use { server ->
            coroutineScope {
                val serving = async { KotlinStreams.serve(server) }
                printedBy { KotlinStreams.ask(address("greeting")) } shouldBe "hello Ada\nhello Grace\n"
                server.close()
                serving.await()
            }
        }
    }

    test("frames bring their descriptors").config(enabledOrReasonIf = { whether }) {
        val file = directory.resolve("file").apply { writeText("its content") }
        Sockets.unixStream().maxDescriptors(1).pair().use { pair ->
            printedBy { KotlinStreams.frames(pair.left(), pair.right(), file) } shouldBe
                "a file: its content\n"
        }
    }

    test("a server in Java echoes, and its client says that there is no more")
        .config(enabledOrReasonIf = { whether }) {
            Sockets.unixServer().listen(address("echo")).use { server ->
                coroutineScope {
                    val serving = async(Dispatchers.IO) { JavaStreams.echoOnce(server) }
                    printedBy { JavaStreams.ask(address("echo"), "question".toByteArray()) } shouldBe
                        "question\n"
                    serving.await()
                }
            }
        }

    test("a listener in Java echoes no faster than its clients read, and closes at their end")
        .config(enabledOrReasonIf = { whether }) {
            Sockets.unixServer().listen(address("listening")).use { server ->
                JavaStreams.echo(server).use {
                    coroutineScope {
                        Sockets.unixStream().connect(address("listening")).use { client ->
                            val sent = Random(1).nextBytes(3_000_000)
                            val writing = async { client.end(listOf(ByteBuffer.wrap(sent))) }
                            val came = ByteBuffer.allocate(sent.size)
                            client.readExactly(came).close()
                            writing.await()
                            came.array().contentEquals(sent) shouldBe true
                            client.read(ByteBuffer.allocate(1)).isEnd shouldBe true
                        }
                    }
                }
            }
        }

    test("a descriptor comes with the bytes it was written with, in Java").config(enabledOrReasonIf = {
        whether
    }) {
        Sockets.unixStream().maxDescriptors(1).pair().use { pair ->
            printedBy { JavaStreams.passADescriptor(pair.left(), pair.right()) } shouldBe
                "read this: from a pipe\n"
        }
    }
})
