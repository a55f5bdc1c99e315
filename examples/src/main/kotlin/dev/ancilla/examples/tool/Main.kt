package dev.ancilla.examples.tool

import com.github.ajalt.clikt.command.parse
import com.github.ajalt.clikt.core.CliktError
import com.github.ajalt.clikt.core.PrintHelpMessage
import com.github.ajalt.clikt.core.UsageError
import com.github.ajalt.clikt.core.subcommands
import kotlinx.coroutines.runBlocking
import kotlin.system.exitProcess

/** The `ancilla` command. Its exit status is 0, or one of [Status]. */
fun main(args: Array<String>) {
    exitProcess(run(args))
}

private fun run(args: Array<String>): Int {
    val tool = Ancilla().subcommands(Demo(), Recv(), Send(), Providers())
    return try {
        runBlocking { tool.parse(args) }
        0
    } catch (e: CliktError) {
        tool.echoFormattedHelp(e)
        val usage = e is UsageError || (e is PrintHelpMessage && e.error)
        if (usage) Status.USAGE else e.statusCode
    } catch (e: Throwable) {
        System.err.println("ancilla: ${e.inOneLine()}")
        // Asked of the words, not of the command: what failed may be anything.
        if (args.takeWhile { it != "--" }.contains("--debug")) e.printStackTrace()
        (e as? Ending)?.status ?: Status.FAILED
    }
}
