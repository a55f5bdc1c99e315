package dev.ancilla.ffm

import io.kotest.matchers.shouldBe

/** What lies here of messages that were taken ahead. */
class PrefetchRowsTest :
    RowSpec({
        row("messages that are dropped with their peer are not mistaken for those that follow") {
            bound().use { left ->
                bound().use { other ->
                    bound().use { socket ->
                        socket.tryConnect(left.localAddress()) shouldBe true
                        repeat(3) { left.send("long".repeat(1000), socket.localAddress()) }
                        socket.receiveText().length shouldBe 4000

                        socket.tryConnect(other.localAddress()) shouldBe true

                        // Singly until many are asked for at a time again.
                        repeat(20) {
                            other.send("1", socket.localAddress())
                            socket.receiveText() shouldBe "1"
                        }
                        listOf("2", "3", "4").forEach { other.send(it, socket.localAddress()) }
                        List(3) { socket.receiveText() } shouldBe listOf("2", "3", "4")
                    }
                }
            }
        }

        row("a batch takes over what a single receive took ahead, with its descriptors") {
            bound(maxDescriptors = 1).use { socket ->
                unnamed().use { sender ->
                    val fds = listOf(fileWith("a"), fileWith("b"))
                    sender.send("1", socket.localAddress())
                    sender.send("2", socket.localAddress(), fds[0])
                    sender.send("3".repeat(3000), socket.localAddress(), fds[1])
                    fds.forEach { it.close() }
                    socket.receiveText() shouldBe "1"
                    socket.newReceiveBatch(4, 64).use { batch ->
                        socket.tryReceive(batch) shouldBe 2
                        List(2) { batch.size(it) } shouldBe listOf(1, 3000)
                        List(2) { batch.payload(it).remaining() } shouldBe listOf(1, 3000)
                        batch.ancillary(0).take().use { it.readText() } shouldBe "a"
                        batch.ancillary(1).descriptors().size shouldBe 1
                    }
                }
            }
        }

        row("a batch that took over one message has room for the descriptors of all that follow") {
            bound(maxDescriptors = 1).use { socket ->
                unnamed().use { sender ->
                    socket.newReceiveBatch(3, 64).use { batch ->
                        repeat(3) { sender.send("plain", socket.localAddress()) }
                        socket.tryReceive(batch) shouldBe 3
                        repeat(2) { sender.send("apart", socket.localAddress()) }
                        socket.receiveText() shouldBe "apart"
                        socket.tryReceive(batch) shouldBe 1

                        fileWith("a").use { fd ->
                            repeat(3) { sender.send("whole", socket.localAddress(), fd) }
                        }
                        socket.tryReceive(batch) shouldBe 3
                        List(3) { batch.ancillary(it).descriptors().size } shouldBe listOf(1, 1, 1)
                    }
                }
            }
        }
    })
