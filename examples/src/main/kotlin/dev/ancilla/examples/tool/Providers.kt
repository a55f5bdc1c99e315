package dev.ancilla.examples.tool

import com.github.ajalt.clikt.core.Context
import com.github.ajalt.clikt.core.terminal
import com.github.ajalt.clikt.parameters.options.default
import com.github.ajalt.clikt.parameters.options.option
import com.github.ajalt.clikt.parameters.types.choice
import com.github.ajalt.mordant.rendering.Whitespace
import com.github.ajalt.mordant.table.table
import dev.ancilla.ProviderInfo
import dev.ancilla.Sockets
import dev.ancilla.spi.SocketKind

/** `providers`: which providers are there, why one is not, and what each can do. */
internal class Providers : ToolCommand("providers") {
    private val format by option("--format", help = "How to print").choice("table", "json").default("table")

    override fun help(context: Context) = "Lists the providers, why one is not available, and their features."

    override suspend fun run() {
        val providers = Sockets.providers()
        if (format == "json") {
            providers.forEach { println(json(fields(it))) }
        } else {
            terminal.println(tableOf(providers))
        }
    }

    /** A feature a line: a table that is too wide for its terminal is cut. */
    private fun tableOf(providers: List<ProviderInfo>) = table {
        whitespace = Whitespace.PRE_WRAP
        header { row("provider", "rank", "sockets", "features") }
        body {
            for (provider in providers) {
                val name = provider.name()
                val rank = provider.priority().takeIf { provider.available() }?.toString().orEmpty()
                if (!provider.available()) {
                    row(
                        name,
                        rank,
                        "",
                        inLines("unavailable: ${provider.unavailable()}"),
                    )
                }
                for ((kind, features) in provider.features()) {
                    val limit = provider.descriptorLimit().takeIf { kind == SocketKind.UNIX_DGRAM }
                    val perMessage = listOfNotNull(limit?.let { "$it descriptors a message" })
                    val lines = features.sorted().map { it.name } + perMessage
                    row(name, rank, kind.shown(), lines.joinToString("\n"))
                }
            }
        }
    }

    /** A long reason on one line would make the table cut the names beside it. */
    private fun inLines(reason: String) = reason.split(' ').reduce { lines, word ->
        val fits = lines.substringAfterLast('\n').length + 1 + word.length <= REASON_WIDTH
        if (fits) "$lines $word" else "$lines\n$word"
    }

    private fun fields(provider: ProviderInfo): Map<String, Any?> = linkedMapOf(
        "name" to provider.name(),
        "available" to provider.available(),
        "unavailable" to provider.unavailable(),
        "priority" to provider.priority(),
        "descriptorLimit" to provider.descriptorLimit(),
        "features" to
            provider.features().entries.associate { (kind, features) ->
                kind.shown() to features.sorted().map { it.name }
            },
    )

    private fun SocketKind.shown() = name.lowercase().replace('_', '-')

    private companion object {
        /** With the other columns as wide as they are, a terminal of 80. */
        const val REASON_WIDTH = 36
    }
}
