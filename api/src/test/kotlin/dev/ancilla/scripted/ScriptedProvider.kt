package dev.ancilla.scripted

import dev.ancilla.EventLoop
import dev.ancilla.Feature
import dev.ancilla.OwnedFd
import dev.ancilla.UnsupportedFeatureException
import dev.ancilla.spi.Descriptors
import dev.ancilla.spi.DgramOptions
import dev.ancilla.spi.DgramTransport
import dev.ancilla.spi.FdHandle
import dev.ancilla.spi.Provider
import dev.ancilla.spi.SelectorLoop
import dev.ancilla.spi.SocketKind
import java.io.FileDescriptor
import java.nio.channels.Selector
import java.nio.file.OpenOption
import java.nio.file.Path

/** Unix datagrams over [ScriptedTransport]; found by the service file of the tests. */
open class ScriptedProvider : Provider {
    override fun name() = "scripted"

    override fun priority() = 10

    override fun unavailable(): String? = null

    override fun kinds() = setOf(SocketKind.UNIX_DGRAM)

    override fun features(kind: SocketKind) = setOf(Feature.FD_PASSING, Feature.ABSTRACT_NAMES)

    override fun descriptorLimit() = 60

    override fun openLoop(name: String): EventLoop = SelectorLoop(name, Selector::open, false)

    override fun openDgram(kind: SocketKind, loop: EventLoop, options: DgramOptions): DgramTransport =
        ScriptedTransport(loop as SelectorLoop)

    override fun adoptDgram(
        kind: SocketKind,
        loop: EventLoop,
        options: DgramOptions,
        fd: OwnedFd,
    ): DgramTransport = throw UnsupportedFeatureException(Feature.ADOPT, name(), "adopt")

    override fun pairDgram(kind: SocketKind, loop: EventLoop, options: DgramOptions): List<DgramTransport> =
        List(2) { ScriptedTransport(loop as SelectorLoop) }

    override fun descriptors(): Descriptors? = ScriptedDescriptors
}

/** The lower rank with more features: taken only when they are asked for. */
class ManyScriptedProvider : ScriptedProvider() {
    override fun name() = "scripted-many"

    override fun priority() = 5

    override fun features(kind: SocketKind) = super.features(kind) + Feature.MANY_DESCRIPTORS + Feature.ADOPT

    override fun descriptorLimit() = 253
}

/** The highest rank, but not here. */
class AbsentProvider : ScriptedProvider() {
    override fun name() = "absent"

    override fun priority() = 100

    override fun unavailable() = "this is another platform"
}

private object ScriptedDescriptors : Descriptors {
    override fun open(path: Path, options: List<OpenOption>): FdHandle = ScriptedFd(content = path.toString())

    override fun pipe(): List<FdHandle> = listOf(ScriptedFd(), ScriptedFd())

    override fun memfd(name: String): FdHandle =
        throw UnsupportedFeatureException(Feature.MEMFD, "scripted", "memfd($name)")

    override fun of(number: Int): FdHandle = ScriptedFd(number)

    override fun duplicateOf(descriptor: FileDescriptor): FdHandle = ScriptedFd()
}
