package dev.ancilla.examples.peers

import dev.ancilla.Ancillary
import dev.ancilla.OwnedFd
import dev.ancilla.coroutines.end
import dev.ancilla.coroutines.write
import dev.ancilla.examples.tool.Program
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import kotlin.io.path.writeText

/** Python's socket.send_fds and recv_fds over a stream, as client and as server. */
internal class PythonStreamTest : PeerSpec({
    val whether = Program.neededWithStreams("python3")
    val directory = tempdir().toPath()
    val file = directory.resolve("file").apply { writeText("read by python") }

    fun python(script: String, vararg args: String) =
        Program(listOf("python3", "-c", script.trimIndent()) + args)

    test("what python sends with descriptors comes with the read that has its first byte")
        .config(enabledOrReasonIf = { whether }) {
            val path = directory.resolve("from-python.sock")
            val script =
                """
                import os, socket, sys
                s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                s.connect(sys.argv[1])
                def note(text):
                    m = os.memfd_create("note")
                    os.write(m, text)
                    os.lseek(m, 0, os.SEEK_SET)
                    return m
                s.sendall(b"12345")
                socket.send_fds(s, [b"1234567"], [note(b"one"), note(b"two")])
                s.sendall(b"1234")
                s.shutdown(socket.SHUT_WR)
                data, fds, flags, _ = socket.recv_fds(s, 100, 10)
                print(data.decode(), [os.read(fd, 100).decode() for fd in fds], s.recv(1))
                """
            serverAt(path).use { server ->
                python(script, "$path").use { client ->
                    server.acceptSoon().use { connection ->
                        connection.next(3) shouldBe ("123" to listOf())
                        connection.next(6) shouldBe ("451234" to listOf("one", "two"))
                        connection.next(7) shouldBe ("5671234" to listOf())
                        connection.restAsText() shouldBe ""
                        OwnedFd.open(file).use { connection.write("answer", Ancillary.lend(it)) }
                    }
                    client.status() shouldBe 0
                    client.out shouldBe "answer ['read by python'] b''\n"
                }
            }
        }

    test("a server in python receives our descriptors, and each read brings those of one write at most")
        .config(enabledOrReasonIf = { whether }) {
            val path = directory.resolve("to-python.sock")
            val script =
                """
                import os, socket, sys
                s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                s.bind(sys.argv[1])
                s.listen()
                print("listening", flush=True)
                c, _ = s.accept()
                while True:
                    data, fds, flags, _ = socket.recv_fds(c, 100, 10)
                    if not data:
                        break
                    print(data.decode(), [os.pread(fd, 100, 0).decode() for fd in fds], flush=True)
                    c.sendall(b"k")
                c.sendall(b"bye")
                """
            python(script, "$path").use { server ->
                server.until("socket") { "listening" in server.out }
                connectedTo(path).use { client ->
                    OwnedFd.open(file).use { client.write("a file", Ancillary.lend(it)) }
                    client.next(1) shouldBe ("k" to listOf())
                    client.write("only bytes")
                    client.next(1) shouldBe ("k" to listOf())
                    client.end()
                    client.restAsText() shouldBe "bye"
                }
                server.status() shouldBe 0
                server.out shouldBe "listening\na file ['read by python']\nonly bytes []\n"
            }
        }
})
