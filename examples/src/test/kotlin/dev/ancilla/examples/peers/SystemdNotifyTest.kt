package dev.ancilla.examples.peers

import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.coroutines.receiveOrNull
import dev.ancilla.examples.tool.Program
import dev.ancilla.examples.tool.ReceivedFd
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.nulls.shouldNotBeNull
import io.kotest.matchers.shouldBe

/**
 * systemd-notify(1), to whom we are the service manager. Behind its message it sends a pipe, and waits
 * until the other side has closed that: then all it sent before has been read.
 */
internal class SystemdNotifyTest : PeerSpec({
    val withNotify = Program.needed("systemd-notify")
    val path = tempdir().toPath().resolve("notify.sock")

    fun notify(notifySocket: String, vararg args: String) =
        Program(listOf("systemd-notify", *args), environment = mapOf("NOTIFY_SOCKET" to notifySocket))

    test("systemd-notify waits until the descriptor of its barrier is closed, and no longer")
        .config(enabledOrReasonIf = { withNotify }) {
            Sockets.unixDgram().maxDescriptors(1).bind(UnixAddress.path(path)).use { manager ->
                notify("$path", "--ready", "--status=half way").use { service ->
                    manager.receiveText() shouldBe "READY=1\nSTATUS=half way"

                    manager.receiveOrNull(PATIENCE).shouldNotBeNull().use { barrier ->
                        barrier.text() shouldBe "BARRIER=1"
                        val fd = barrier.ancillary().descriptors().single()
                        ReceivedFd.of(fd.number()).type shouldBe "pipe"
                        Thread.sleep(100)
                        service.isRunning() shouldBe true
                    }
                    service.status() shouldBe 0
                    service.err shouldBe ""
                }
            }
        }

    test(
        "systemd-notify finds an abstract name, and any variable is passed on",
    ).config(enabledOrReasonIf = { withNotify }) {
        val name = "ancilla-notify-${ProcessHandle.current().pid()}"
        Sockets.unixDgram().bind(UnixAddress.parse("unix:@$name")).use { manager ->
            notify("@$name", "--no-block", "WATCHDOG=1", "X_COUNT=3").use { service ->
                manager.receiveText() shouldBe "WATCHDOG=1\nX_COUNT=3"
                service.status() shouldBe 0
            }
        }
    }

    test("the tool's recv passes the barrier too, for it closes what it has printed")
        .config(enabledOrReasonIf = { withNotify }) {
            Program.receiving(path).use { recv ->
                notify("$path", "--ready").use { service ->
                    service.status() shouldBe 0
                    recv.until("barrier") { recv.out.lines().size > 3 }
                    recv.out.lines().take(2) shouldBe listOf("READY=1", "BARRIER=1")
                }
            }
        }
})
