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
    val losesMessages: Boolean get() = sockets == SocketKind.UDP.name

    companion object {
        /** No provider has this name. */
        const val PLAIN = "plain JDK"
        private const val UNIX_STREAM = "UNIX_STREAM"

        /** All that this machine has, the best providers first. */
        fun all(): List<Contender> {
            val ours =
                Sockets.providers().filter { it.available() }.flatMap { provider ->
                    provider.features().map { (kind, features) ->
                        Contender(provider.name(), kind.name, figuresOf(features))
                    }
                }
            val plain = listOf(Figure.SINGLY, Figure.ROUND_TRIPS)
            return ours + Contender(PLAIN, UNIX_STREAM, plain) + Contender(PLAIN, SocketKind.UDP.name, plain)
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
