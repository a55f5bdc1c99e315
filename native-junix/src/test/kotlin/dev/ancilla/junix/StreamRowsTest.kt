package dev.ancilla.junix

import dev.ancilla.Ancillary
import dev.ancilla.Errno
import dev.ancilla.Feature
import dev.ancilla.OwnedFd
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.StreamSocket
import dev.ancilla.UnixAddress
import dev.ancilla.spi.SocketKind
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.collections.shouldContain
import io.kotest.matchers.shouldBe
import java.nio.ByteBuffer

/** Streams and servers where junixsocket differs from what the contract of all providers says. */
class StreamRowsTest : RowSpec({
    test("A3 a read that runs out of descriptors loses no byte, leaks nothing and says so") {
        val run =
            runMain(
                "dev.ancilla.junix.StreamDescriptorsMain",
                prefix = listOf("prlimit", "--nofile=200:200"),
            )
        withOutput(run) {
            run.lines shouldContain "warm warm false"
            run.lines shouldContain "came hostile true; then after false; free 4"
        }
    }

    test("A12 a descriptor that a stream brought is close-on-exec") {
        Sockets.unixStream().maxDescriptors(1).pair().use { pair ->
            fileWith("x").use { pair.left().tryWrite(listOf(bytes("x")), Ancillary.lend(it)) }
            pair.right().tryRead(room())!!.ancillary().take().use { came ->
                isCloseOnExec(came.number()) shouldBe true
            }
        }
    }

    test("A16 a server that lives keeps its abstract name, and accepts on") {
        Sockets.unixServer().listen(UnixAddress.autobind()).use { server ->
            val name = server.localAddress()
            shouldThrow<SocketOpException> { Sockets.unixServer().listen(name) }.errno() shouldBe
                Errno.EADDRINUSE
            Sockets.unixStream().connect(name).use { client ->
                client.tryWrite(bytes("alive"))
                val accepted = generateSequence { server.tryAccept() }
                accepted.map { it.use(StreamSocket::text) }.toList() shouldContain "alive"
            }
        }
    }

    test("A25 an interrupt harms no stream") {
        Sockets.unixStream().pair().use { pair ->
            Thread.currentThread().interrupt()
            pair.left().tryWrite(bytes("x"))
            val came = pair.right().tryRead(room())
            Thread.interrupted() shouldBe true
            came?.count() shouldBe 1
        }
    }

    test("A13 only what listens is adopted as a server") {
        Sockets.unixStream().open().use {
            // The loop's descriptors are there from now on.
            val before = openDescriptors()
            Sockets.unixStream().open().use {
                val number = (openDescriptors() - before).single().substringBefore(' ').toInt()
                val borrowed = OwnedFd.of(number)
                borrowed.duplicate().use { duplicate ->
                    shouldThrow<SocketOpException> { Sockets.unixServer().adopt(duplicate) }.errno() shouldBe
                        Errno.EINVAL
                    duplicate.isOpen shouldBe true
                }
                borrowed.release()
            }
        }
    }

    test("the features of streams are those they have") {
        val features = Sockets.providers().single { it.name() == "native-junix" }.features()
        features.getValue(SocketKind.UNIX_STREAM) shouldBe
            setOf(
                Feature.FD_PASSING,
                Feature.MANY_DESCRIPTORS,
                Feature.ABSTRACT_NAMES,
                Feature.ADOPT,
                Feature.EXPORT,
                Feature.JAVA_FILE_DESCRIPTOR,
            )
    }
})

private fun StreamSocket.text(): String {
    val target = ByteBuffer.allocate(100)
    tryRead(target)
    return String(target.array(), 0, target.position())
}
