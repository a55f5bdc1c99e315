package dev.ancilla.testkit

import dev.ancilla.Feature
import dev.ancilla.Sockets
import dev.ancilla.spi.SocketKind
import io.kotest.core.spec.style.FunSpec
import java.net.StandardProtocolFamily
import java.nio.channels.ServerSocketChannel

/**
 * What Unix streams and servers do on [provider]. Each test, in each style, must leave the descriptors
 * and the library's threads as they were.
 */
abstract class StreamContract(internal val provider: String) : FunSpec() {
    /** What the provider declares. */
    internal val features: Set<Feature> by lazy {
        Sockets
            .providers()
            .single { it.name() == provider }
            .features()[SocketKind.UNIX_STREAM]
            .orEmpty()
    }

    private var warm = false

    init {
        streaming()
        streamDescriptors()
        serving()
        streamRows()
        streamHabits()
        streamFlows()
        streamListeners()
        streamChannels()
        streamLimits()
        idlingStreams()
    }

    /** A test of what is the same in every style. */
    internal fun scenario(name: String, play: StreamScene.() -> Unit) =
        register(name, StreamStyle.all.first(), play)

    /** A test that is run once for each style. */
    internal fun inEveryStyle(name: String, play: StreamScene.() -> Unit) =
        StreamStyle.all.forEach { style -> register("$name ($style)", style, play) }

    private fun register(name: String, style: StreamStyle, play: StreamScene.() -> Unit) {
        test(name) {
            warmUp()
            val before = Census.take()
            StreamScene(style).use(play)
            before.expectUnchanged()
        }
    }

    /** The JVM and the providers open some descriptors once, and keep them. */
    private fun warmUp() {
        if (warm) return
        warm = true
        ServerSocketChannel.open(StandardProtocolFamily.UNIX).close()
        StreamStyle.all.forEach { style ->
            StreamScene(style).use { scene ->
                with(scene) {
                    val server = server()
                    check(server.provider() == provider) { "this is ${server.provider()}" }
                    clientOf(server).write("warm", fileWith("warm"))
                    server.accept().readPart(4)
                }
            }
        }
        until("the loops have ended") { Census.take().isQuiet }
    }
}
