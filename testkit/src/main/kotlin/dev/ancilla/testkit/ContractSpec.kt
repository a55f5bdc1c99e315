package dev.ancilla.testkit

import dev.ancilla.Feature
import io.kotest.core.spec.style.FunSpec
import io.kotest.core.test.Enabled
import java.net.StandardProtocolFamily
import java.nio.channels.ServerSocketChannel

/**
 * A part of the contract. Each test, in each style, must leave the descriptors and the library's
 * threads as they were.
 */
abstract class ContractSpec(private val subject: DgramSubject) : FunSpec() {
    internal val isUnix: Boolean get() = subject.isUnix

    /** What the provider declares. */
    internal val features: Set<Feature> get() = subject.features

    private var warm = false

    /** A test of what is the same in every style; skipped where [missing] says what is not there. */
    internal fun scenario(name: String, missing: () -> String? = { null }, play: Scene.() -> Unit) =
        register(name, Style.blocking, missing, play)

    /** A test that is run once for each style; skipped where [missing] says what is not there. */
    internal fun inEveryStyle(
        name: String,
        styles: List<Style> = Style.all,
        missing: () -> String? = { null },
        play: Scene.() -> Unit,
    ) = styles.forEach { style -> register("$name ($style)", style, missing, play) }

    /** For tests that have nothing to show where a platform lacks [feature]. */
    internal fun without(feature: Feature): () -> String? =
        { "${subject.provider} has no $feature here".takeUnless { feature in features } }

    private fun register(name: String, style: Style, missing: () -> String?, play: Scene.() -> Unit) {
        val whether = { missing()?.let { Enabled.disabled(it) } ?: Enabled.enabled }
        test(name).config(enabledOrReasonIf = { whether() }) {
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
