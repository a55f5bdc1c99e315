package dev.ancilla.examples.tool

import com.github.ajalt.clikt.command.SuspendingCliktCommand
import com.github.ajalt.clikt.parameters.options.flag
import com.github.ajalt.clikt.parameters.options.option

/** What the tool and its commands share: they may be told to say more. */
internal abstract class ToolCommand(name: String) : SuspendingCliktCommand(name) {
    private val verboseHere by option("-v", "--verbose", help = "Says on standard error what happens").flag()

    // Declared so that it is known; main looks at the words.
    @Suppress("unused")
    private val debug by option("--debug", help = "Prints a stack trace when something fails").flag()

    private val verbose: Boolean
        get() = verboseHere || (currentContext.parent?.command as? ToolCommand)?.verbose == true

    /** Says what happens, to whom asked for it. */
    protected fun note(text: String) {
        if (verbose) warn(text)
    }

    /** Says what nobody should miss, and that ends nothing. */
    protected fun warn(text: String) {
        System.err.println("ancilla: $text")
    }
}
