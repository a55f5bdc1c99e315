package dev.ancilla.examples.peers

import dev.ancilla.Sockets
import dev.ancilla.coroutines.end
import dev.ancilla.coroutines.read
import dev.ancilla.coroutines.readExactly
import dev.ancilla.coroutines.write
import dev.ancilla.examples.tool.Program
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.withTimeout
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.file.Files
import kotlin.io.path.writeText

/** A real proxy, which gives its listening sockets to who takes its place (`expose-fd listeners`). */
internal class HaproxyTest : PeerSpec({
    val whether = Program.neededWithStreams("haproxy")
    val directory = tempdir().toPath()
    val control = directory.resolve("control.sock")
    val front = directory.resolve("front.sock")

    fun haproxy(): Program {
        val config =
            directory.resolve("haproxy.cfg").apply {
                writeText(
                    """
                    global
                        stats socket $control mode 600 expose-fd listeners
                    defaults
                        mode tcp
                        timeout connect 10s
                        timeout client 10s
                        timeout server 10s
                    frontend front
                        bind unix@$front
                        default_backend nobody
                    backend nobody

                    """.trimIndent(),
                )
            }
        return Program(listOf("haproxy", "-db", "-f", "$config"))
    }

    test("haproxy gives us its listening socket, and when it is gone we accept who connects there")
        .config(enabledOrReasonIf = { whether }) {
            haproxy().use { haproxy ->
                haproxy.until("sockets") { Files.exists(control) && Files.exists(front) }
                val server =
                    connectedTo(control).use { socket ->
                        socket.write("_getsocks\n")
                        val count = ByteBuffer.allocate(Int.SIZE_BYTES).order(ByteOrder.nativeOrder())
                        withTimeout(PATIENCE) { socket.readExactly(count) }.close()
                        count.getInt(0) shouldBe 2
                        withTimeout(PATIENCE) { socket.read(ByteBuffer.allocate(4096)) }.use { came ->
                            val servers = came.ancillary().descriptors().map(Sockets.unixServer()::adopt)
                            servers.size shouldBe 2
                            servers
                                .filterNot {
                                    "front.sock" in "${it.localAddress()}"
                                }.forEach { it.close() }
                            servers.single { it.isOpen }
                        }
                    }
                server.use {
                    haproxy.kill()
                    connectedTo(front).use { client ->
                        client.write("to the successor")
                        client.end()
                        server.acceptSoon().use { it.restAsText() } shouldBe "to the successor"
                    }
                }
            }
        }
})
