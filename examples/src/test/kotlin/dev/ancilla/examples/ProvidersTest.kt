package dev.ancilla.examples

import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.examples.tool.Program
import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldContain
import io.kotest.matchers.shouldBe
import java.nio.file.Path
import kotlin.io.path.createTempFile
import kotlin.io.path.deleteExisting
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.writeText

private const val FFM = "native-ffm"
private const val JUNIX = "native-junix"

/** Both providers on one class path. Where Java is older, or native-ffm was left out, there is but one. */
class ProvidersTest :
    FunSpec({
        val both = Program.hasFfm

        fun run(vararg options: String): List<String> {
            val command = Program.javaCommand(BothProviders::class.java.name).toMutableList()
            command.addAll(1, options.toList())
            return Program(command).use {
                withClue({ it.out + it.err }) { it.status() shouldBe 0 }
                it.out.lines()
            }
        }

        test("without being told Ancilla takes native-ffm where it can, and native-junix elsewhere") {
            val best = if (both) FFM else JUNIX
            val lines = run()
            lines shouldContain "serves $best"
            lines.single { it.startsWith("available ") } shouldBe
                "available " + (if (both) listOf(FFM, JUNIX, "jdk") else listOf(JUNIX, "jdk"))
        }

        test("-Dancilla.provider takes the other") {
            run("-Dancilla.provider=$JUNIX") shouldContain "serves $JUNIX"
        }

        test("descriptors that one provider opened are sent and received by the other") {
            val names = if (both) listOf(FFM, JUNIX) else listOf(JUNIX)
            val lines = run().filter { it.startsWith("moved ") || it.startsWith("leaked ") }
            lines shouldBe
                names.flatMap { opener ->
                    names.flatMap { sender ->
                        names.map { "moved from $opener over $sender to $it: content, by $it" }
                    }
                } + "leaked 0"
        }
    })

/** What is run with both of them. */
internal object BothProviders {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val available = Sockets.providers().filter { it.available() }.map { it.name() }
        println("available $available")
        Sockets.unixDgram().open().use { println("serves ${it.provider()}") }
        val names = available - "jdk"
        move(names) {}
        val before = descriptors()
        move(names, ::println)
        val deadline = System.nanoTime() + 10_000_000_000
        while (descriptors() > before && System.nanoTime() < deadline) {
            System.gc() // The JDK's selector closes some later.
            Thread.sleep(10)
        }
        println("leaked ${descriptors() - before}")
    }

    private fun descriptors() = Path.of("/proc/self/fd").listDirectoryEntries().size

    /** It is asked for each time anew, so one process can have sockets and descriptors of both. */
    private fun <T> with(provider: String, make: () -> T): T {
        System.setProperty("ancilla.provider", provider)
        return make().also { System.clearProperty("ancilla.provider") }
    }

    private fun move(names: List<String>, tell: (String) -> Unit) {
        val file = createTempFile()
        file.writeText("content")
        for (opener in names) {
            for (sender in names) {
                for (receiver in names) {
                    val text = moved(file, opener, sender, receiver)
                    tell("moved from $opener over $sender to $receiver: $text")
                }
            }
        }
        file.deleteExisting()
    }

    private fun moved(file: Path, opener: String, sender: String, receiver: String): String {
        val opened = with(opener) { OwnedFd.open(file) }
        val from = with(sender) { Sockets.unixDgram().open() }
        val to = with(receiver) { Sockets.unixDgram().maxDescriptors(1).bind(UnixAddress.autobind()) }
        try {
            check(from.provider() == sender && to.provider() == receiver)
            from.blocking().send(Message.of("with").to(to.localAddress()).with(opened))
            val taken = to.blocking().receive().use { it.ancillary().take() }
            return taken.use { it.inputStream().readBytes().decodeToString() + ", by ${to.provider()}" }
        } finally {
            listOf(opened, from, to).forEach(AutoCloseable::close)
        }
    }
}
