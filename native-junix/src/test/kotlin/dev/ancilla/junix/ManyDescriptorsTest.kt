package dev.ancilla.junix

import dev.ancilla.Errno
import dev.ancilla.Feature
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.Sockets
import dev.ancilla.spi.SocketKind
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.matchers.collections.shouldContain
import io.kotest.matchers.collections.shouldHaveSize
import io.kotest.matchers.comparables.shouldBeGreaterThan
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import java.nio.file.Files
import java.nio.file.Path

private fun nullDevices(count: Int): List<OwnedFd> = List(count) { OwnedFd.open(Path.of("/dev/null")) }

/** How many descriptors can come with a message, and what happens to those that cannot. */
class ManyDescriptorsTest : RowSpec({
    for (count in listOf(1, 60, 61, 253)) {
        test("A2 $count descriptors come with one message") {
            bound(maxDescriptors = 253).use { receiver ->
                unnamed().use { sender ->
                    val lent = nullDevices(count - 1) + fileWith("the last one")
                    sender.send("many", receiver.localAddress(), *lent.toTypedArray())
                    lent.forEach { it.close() }
                }
                receiver.receive().use {
                    it.text() shouldBe "many"
                    it.ancillary().truncated() shouldBe false
                    it.descriptorCount() shouldBe count
                    it.ancillary().descriptors().last().readText() shouldBe "the last one"
                }
            }
        }
    }

    test("A2 descriptors beyond those that were asked for are closed and the message says so") {
        bound(maxDescriptors = 2).use { receiver ->
            unnamed().use { sender ->
                val before = openDescriptors()
                repeat(20) {
                    val lent = nullDevices(253)
                    sender.send("hostile", receiver.localAddress(), *lent.toTypedArray())
                    lent.forEach { it.close() }
                    receiver.receive().use {
                        it.text() shouldBe "hostile"
                        it.descriptorCount() shouldBe 2
                        it.ancillary().truncated() shouldBe true
                    }
                }
                openDescriptors() shouldBe before
            }
        }
    }

    test("A2 nothing is installed and nothing leaks if no descriptors were asked for") {
        bound().use { receiver ->
            unnamed().use { sender ->
                val before = openDescriptors()
                repeat(20) {
                    val lent = nullDevices(253)
                    sender.send("hostile", receiver.localAddress(), *lent.toTypedArray())
                    lent.forEach { it.close() }
                    receiver.receive().use {
                        it.text() shouldBe "hostile"
                        it.descriptorCount() shouldBe 0
                    }
                }
                openDescriptors() shouldBe before
            }
        }
    }

    test("A2 a 254th descriptor is refused before the socket is touched") {
        bound().use { socket ->
            val lent = nullDevices(254)
            val failure =
                shouldThrow<IllegalArgumentException> {
                    socket.trySend(Message.of("x").to(socket.localAddress()).with(*lent.toTypedArray()))
                }
            failure.message shouldContain "254 descriptors, at most 253 fit one message"
            lent.forEach { it.close() }
            socket.send("still here", socket.localAddress())
            socket.receiveText() shouldBe "still here"
        }
    }

    test("H1 on the class path the provider says that all 253 can come") {
        val info = Sockets.providers().single { it.name() == "native-junix" }
        info.descriptorLimit() shouldBe 253
        info.features().getValue(SocketKind.UNIX_DGRAM) shouldContain Feature.MANY_DESCRIPTORS
    }

    for (text in listOf("hostile", "")) {
        test("A3 out of descriptors the receiver of '$text' is told, and lives, and junixsocket leaks some") {
            val run =
                runMain(
                    "dev.ancilla.junix.OutOfDescriptorsMain",
                    arguments = listOf(text),
                    prefix = listOf("prlimit", "--nofile=200:200"),
                )
            withOutput(run) {
                val lines = run.lines
                lines shouldContain
                    "told ${Errno.ENOBUFS} a message was lost: it brought more descriptors than this" +
                    " process could take"
                lines shouldContain "then received after"
                val leaked = lines.single { it.startsWith("leaked ") }.substringAfter(' ').toInt()
                withClue(
                    "junixsocket no longer leaks here: JunixProvider's Javadoc can say so",
                ) {
                    leaked shouldBeGreaterThan 0
                }
            }
        }
    }

    test("A3 what cannot be worked around stands in the provider's documentation") {
        val source = Files.readString(Path.of("src/main/java/dev/ancilla/junix/JunixProvider.java"))
        val javadoc = source.replace(Regex("\\s*\\n \\*\\s*"), " ")
        javadoc shouldContain "runs out of descriptors while it receives some, the message is lost"
        javadoc shouldContain "those that were installed leak"
        javadoc shouldContain "at most 60 descriptors can come with a message"
        javadoc shouldContain "close-on-exec only after a moment"
        javadoc shouldContain "What the kernel discarded is not told"
        javadoc shouldContain "mode 0666 for a moment"
        val features = Sockets.providers().single { it.name() == "native-junix" }.features()
        val absent = listOf(Feature.CLOEXEC_ON_RECEIPT, Feature.ANCILLARY_TRUNCATION, Feature.ATOMIC_MODE)
        features.getValue(SocketKind.UNIX_DGRAM).intersect(absent.toSet()) shouldBe emptySet()
    }
})

internal fun withOutput(run: Finished, block: () -> Unit) =
    withClue("exit ${run.code}, printed:\n${run.output}", block)
