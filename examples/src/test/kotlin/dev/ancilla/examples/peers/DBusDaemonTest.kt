package dev.ancilla.examples.peers

import dev.ancilla.OwnedFd
import dev.ancilla.examples.tool.Program
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldStartWith
import java.nio.ByteBuffer
import java.nio.file.Files
import kotlin.io.path.deleteExisting
import kotlin.io.path.writeText

/** A real bus, which takes descriptors only from whom it has authenticated, and passes them on. */
internal class DBusDaemonTest : PeerSpec({
    val whether = Program.neededWithStreams("dbus-daemon")
    val directory = tempdir().toPath()
    val path = directory.resolve("bus.sock")

    fun daemon(): Program {
        val config =
            directory.resolve("bus.conf").apply {
                writeText(
                    """
                    <busconfig>
                      <type>session</type>
                      <listen>unix:path=$path</listen>
                      <auth>EXTERNAL</auth>
                      <policy context="default">
                        <allow send_destination="*"/>
                        <allow receive_sender="*"/>
                      </policy>
                    </busconfig>
                    """.trimIndent(),
                )
            }
        return Program(listOf("dbus-daemon", "--config-file=$config", "--nofork", "--print-address"))
    }

    test("dbus-daemon authenticates us, agrees to pass descriptors, and brings us ours back")
        .config(enabledOrReasonIf = { whether }) {
            daemon().use { daemon ->
                daemon.until("address") { "bus.sock" in daemon.out && Files.exists(path) }
                connectedTo(path).use { socket ->
                    val bus = Bus(socket)
                    val (accepted, agreed) = bus.authenticate()
                    accepted shouldStartWith "OK "
                    agreed shouldBe "AGREE_UNIX_FD"

                    bus.callBus("Hello")
                    val name = bus.readUntil { it.type == Bus.METHOD_RETURN }.use { it.body.text() }
                    name shouldStartWith ":1."

                    val file = directory.resolve("passed").apply { writeText("went through the bus") }
                    OwnedFd.open(file).use { bus.call(name, "/", "dev.ancilla.Test", "Take", it) }
                    file.deleteExisting()
                    bus.readUntil { it.type == Bus.METHOD_CALL && "dev.ancilla.Test" in it }.use { message ->
                        message.body.getInt(0) shouldBe 0
                        val came = message.ancillary.descriptors().single()
                        came.inputStream().readAllBytes().decodeToString() shouldBe "went through the bus"
                    }
                }
                daemon.terminate()
                daemon.status() shouldBe 0
            }
        }
})

/** A string of D-Bus: its length in four bytes, then itself. */
private fun ByteBuffer.text() = ByteArray(getInt(0)).also { get(4, it) }.decodeToString()
