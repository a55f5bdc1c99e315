package dev.ancilla.examples.bench

import dev.ancilla.Feature
import dev.ancilla.Sockets
import dev.ancilla.spi.SocketKind

/** A kind of sockets of one provider, or of the JDK without this library. */
internal data class Contender(
    val provider: String,
    val sockets: String,
    val figures: List<Figure>,
) {
    val isPlain: Boolean get() = provider == PLAIN

    val losesMessages: Boolean get() = sockets == SocketKind.UDP.name

    companion object {
        /** No provider has this name. */
        const val PLAIN = "plain JDK"

        /** A sequenced packet costs what a datagram does. */
        private val KINDS = setOf(SocketKind.UNIX_DGRAM, SocketKind.UNIX_STREAM, SocketKind.UDP)

        /** All that this machine has, the best providers first. */
        fun all(): List<Contender> {
            val ours =
                Sockets.providers().filter { it.available() }.flatMap { provider ->
                    provider.features().filterKeys { it in KINDS }.map { (kind, features) ->
                        Contender(provider.name(), kind.name, figuresOf(features))
                    }
                }
            val plain = listOf(Figure.SINGLY, Figure.ROUND_TRIPS)
            return ours +
                Contender(PLAIN, SocketKind.UNIX_STREAM.name, plain) +
                Contender(PLAIN, SocketKind.UDP.name, plain)
        }

        /** One kind of each provider, and the baseline: what can be warmed in a few seconds. */
        fun few(): List<Contender> {
            val (plain, ours) = all().partition { it.isPlain }
            return ours.distinctBy { it.provider } + plain
        }

        private fun figuresOf(features: Set<Feature>) = Figure.entries.filter {
            when (it) {
                Figure.BATCHES -> Feature.BATCHES in features
                Figure.DESCRIPTORS -> Feature.FD_PASSING in features
                else -> true
            }
        }
    }
}
