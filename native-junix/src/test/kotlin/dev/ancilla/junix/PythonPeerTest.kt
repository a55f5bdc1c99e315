package dev.ancilla.junix

import dev.ancilla.Message
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import io.kotest.core.test.Enabled
import io.kotest.matchers.collections.shouldHaveSize
import io.kotest.matchers.shouldBe

/** The same bytes, names and descriptors in another language's hands. */
class PythonPeerTest : RowSpec({
    fun peerTest(name: String, body: suspend () -> Unit) = test(name).config(
        enabledOrReasonIf = { PythonPeer.missing?.let { Enabled.disabled(it) } ?: Enabled.enabled },
    ) { body() }

    PythonPeer.missing?.let { println("PythonPeerTest is skipped: $it") }

    peerTest("C1 python sends descriptors of every kind, which arrive and can be used") {
        bound(maxDescriptors = 9).use { receiver ->
            val script = """
                r, w = os.pipe()
                t, u = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                q = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                fd, keep = file("from python")
                d, n, m = os.open("/", os.O_RDONLY), os.open("/dev/zero", os.O_RDONLY), os.memfd_create("m")
                fds = [fd, w, r, t.fileno(), u.fileno(), q[0].fileno(), d, n, m]
                send_fds(b"nine", fds, name(1))
            """
            PythonPeer(script, hex(receiver.localAddress())).use { it.output() shouldBe "" }
            receiver.receive().use { datagram ->
                datagram.text() shouldBe "nine"
                datagram.sender() shouldBe null
                val fds = datagram.ancillary().descriptors()
                fds shouldHaveSize 9
                fds[0].readText() shouldBe "from python"
                fds[1].duplicate().outputStream().use { it.write("through".toByteArray()) }
                fds[2].duplicate().inputStream().use { it.readNBytes(7).decodeToString() } shouldBe "through"
            }
        }
    }

    peerTest("B10 python receives our descriptors, and its replies arrive") {
        bound(maxDescriptors = 1).use { socket ->
            val peer = UnixAddress.abstractName("peer\u0000of\u0000${System.nanoTime()}")
            val script = """
                s.bind(name(1))
                s.sendto(b"ready", name(2))
                data, fds, flags, sender = socket.recv_fds(s, 100, 2)
                assert sender == name(2), sender
                text = b" ".join(os.pread(fd, 100, 0) for fd in fds)
                fd, keep = file("back")
                send_fds(data + b": " + text, [fd], sender)
            """
            PythonPeer(script, hex(peer), hex(socket.localAddress())).use { python ->
                socket.receive().use { it.sender() shouldBe peer }
                fileWith("one").use { one ->
                    fileWith("two").use { two -> socket.send("both", peer, one, two) }
                }
                socket.receive().use {
                    it.text() shouldBe "both: one two"
                    it.sender() shouldBe peer
                    it.fileText() shouldBe "back"
                }
                python.output() shouldBe ""
            }
        }
    }

    peerTest("B3 empty messages go both ways, with their senders") {
        bound(maxDescriptors = 1).use { socket ->
            val peer = UnixAddress.path(directory.resolve("empty"))
            val script = """
                s.bind(name(1))
                s.sendto(b"", name(2))
                fd, keep = file("beside")
                send_fds(b"", [fd], name(2))
                got = s.recvfrom(100)
                assert got == (b"", name(2)), got
                data, fds, flags, sender = socket.recv_fds(s, 100, 1)
                assert (data, len(fds), sender) == (b"", 1, name(2)), (data, fds, sender)
                u = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                u.sendto(b"", name(2))
            """
            PythonPeer(script, hex(peer), hex(socket.localAddress())).use { python ->
                for (descriptors in listOf(0, 1)) {
                    socket.receive().use {
                        it.size() shouldBe 0
                        it.sender() shouldBe peer
                        it.descriptorCount() shouldBe descriptors
                    }
                }
                socket.send("", peer)
                fileWith("x").use { socket.send("", peer, it) }
                socket.receive().use {
                    it.size() shouldBe 0
                    it.sender() shouldBe null
                }
                python.output() shouldBe ""
            }
        }
    }

    peerTest("A2 253 descriptors go both ways") {
        bound(maxDescriptors = 253).use { socket ->
            val peer = UnixAddress.abstractName("many-${System.nanoTime()}")
            val script = """
                s.bind(name(1))
                fd, keep = file("last")
                null = os.open("/dev/zero", os.O_RDONLY)
                send_fds(b"many", [null] * 252 + [fd], name(2))
                data, fds, flags, sender = socket.recv_fds(s, 100, 253)
                print(len(fds), os.pread(fds[252], 100, 0).decode())
            """
            PythonPeer(script, hex(peer), hex(socket.localAddress())).use { python ->
                socket.receive().use { datagram ->
                    datagram.descriptorCount() shouldBe 253
                    datagram.ancillary().descriptors().last().readText() shouldBe "last"
                    val back = datagram.ancillary().descriptors().toTypedArray()
                    socket.send("back", datagram.sender(), *back)
                }
                python.output() shouldBe "253 last"
            }
        }
    }

    peerTest("B4 messages of 200,000 bytes go both ways") {
        bound().use { socket ->
            val peer = UnixAddress.abstractName("large-${System.nanoTime()}")
            val script = """
                s.bind(name(1))
                large = bytes(i % 251 for i in range(200000))
                s.sendto(large, name(2))
                print(s.recv(300000) == large)
            """
            val large = ByteArray(200_000) { (it % 251).toByte() }
            PythonPeer(script, hex(peer), hex(socket.localAddress())).use { python ->
                socket.receive().use {
                    it.truncated() shouldBe false
                    it.bytes().contentEquals(large) shouldBe true
                }
                socket.blocking().send(Message.of(large).to(peer))
                python.output() shouldBe "True"
            }
        }
    }

    peerTest("A2 a hostile sender fills nobody with descriptors") {
        val script = """
            null = os.open("/dev/zero", os.O_RDONLY)
            for round in range(20):
                send_fds(b"more than asked for", [null] * 253, name(1))
                send_fds(b"", [null] * 60, name(1))
                send_fds(b"one", [null], name(1))
                level = socket.SOL_SOCKET
                ids = array.array("i", [os.getpid(), os.getuid(), os.getgid()])
                credentials = (level, socket.SCM_CREDENTIALS, ids)
                rights = lambda n: (level, socket.SCM_RIGHTS, array.array("i", [null] * n))
                s.sendmsg([b"in parts"], [credentials, rights(3)], 0, name(1))
                for bad in [(level, 99, b"garbage"), (77, 1, b"x"), (level, socket.SCM_RIGHTS, b"z" * 8)]:
                    try:
                        s.sendmsg([b"garbage"], [bad], 0, name(1))
                    except OSError:
                        s.sendto(b"the kernel refused garbage", name(1))
            s.sendto(b"end", name(1))
        """
        for (asked in listOf(0, 1, 2, 253)) {
            bound(maxDescriptors = asked).use { receiver ->
                PythonPeer(script, hex(receiver.localAddress())).use { python ->
                    val counts = mutableMapOf<String, MutableSet<Int>>()
                    while (true) {
                        val text =
                            receiver.receive().use { datagram ->
                                counts
                                    .getOrPut(
                                        datagram.text(),
                                    ) { mutableSetOf() }
                                    .add(datagram.descriptorCount())
                                datagram.text()
                            }
                        if (text == "end") break
                    }
                    counts["more than asked for"] shouldBe setOf(minOf(asked, 253))
                    counts[""] shouldBe setOf(minOf(asked, 60))
                    counts["one"] shouldBe setOf(minOf(asked, 1))
                    counts["in parts"] shouldBe setOf(minOf(asked, 3))
                    python.output() shouldBe ""
                    openDescriptors().filter { "/dev/zero" in it } shouldBe emptyList()
                }
            }
        }
    }

    peerTest("A7 a message whose sender and its files are gone still brings them") {
        bound(maxDescriptors = 1).use { receiver ->
            val script = """
                fd, keep = file("left behind")
                send_fds(b"last words", [fd], name(1))
            """
            PythonPeer(script, hex(receiver.localAddress())).use { it.output() shouldBe "" }
            receiver.receive().use {
                it.text() shouldBe "last words"
                it.fileText() shouldBe "left behind"
            }
        }
    }

    peerTest("C3 a descriptor of python's datagram socket can be adopted") {
        bound(maxDescriptors = 2).use { receiver ->
            val peer = UnixAddress.abstractName("adopted-${System.nanoTime()}")
            val script = """
                s.bind(name(1))
                q = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                send_fds(b"take this", [s.fileno(), q[0].fileno()], name(2))
            """
            PythonPeer(script, hex(peer), hex(receiver.localAddress())).use { it.output() shouldBe "" }
            val (dgram, seqpacket) = receiver.receive().use { it.ancillary().takeAll() }
            seqpacket.use { runCatching { Sockets.unixDgram().adopt(it) }.isFailure shouldBe true }
            Sockets.unixDgram().adopt(dgram).use { adopted ->
                adopted.localAddress() shouldBe peer
                receiver.send("to its name", peer)
                adopted.receiveText() shouldBe "to its name"
            }
        }
    }
})
