package dev.ancilla.testkit

import io.kotest.core.spec.style.FunSpec
import java.net.StandardProtocolFamily
import java.nio.channels.ServerSocketChannel

/**
 * A part of the contract. Each test, in each style, must leave the descriptors and the library's
 * threads as they were.
 */
abstract class ContractSpec(private val subject: DgramSubject) : FunSpec() {
    internal val isUnix: Boolean get() = subject.isUnix

    private var warm = false

    /** A test of what is the same in every style. */
    internal fun scenario(name: String, play: Scene.() -> Unit) = register(name, Style.blocking, play)

    /** A test that is run once for each style. */
    internal fun inEveryStyle(name: String, styles: List<Style> = Style.all, play: Scene.() -> Unit) =
        styles.forEach { style -> register("$name ($style)", style, play) }

    private fun register(name: String, style: Style, play: Scene.() -> Unit) {
        test(name) {
            warmUp()
            val before = Census.take()
            Scene(subject, style).use(play)
            before.expectUnchanged()
        }
    }

    /** The JVM and the providers open some descriptors once, and keep them. */
    private fun warmUp() {
        if (warm) return
        warm = true
        exchangeOnce()
        // The JDK's own channels, which are the strangers of some tests, keep one for closing others.
        if (subject.isUnix) ServerSocketChannel.open(StandardProtocolFamily.UNIX).close()
        until("the loops have ended") { Census.take().isQuiet }
    }

    private fun exchangeOnce() {
        Style.all.forEach { style ->
            Scene(subject, style).use { scene ->
                with(scene) {
                    val receiver = bound()
                    check(receiver.provider() == subject.provider) { "this is ${receiver.provider()}" }
                    bound().send("warm", receiver.localAddress())
                    receiver.receiveText()
                }
            }
        }
    }
}
