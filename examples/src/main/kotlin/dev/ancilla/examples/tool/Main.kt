package dev.ancilla.examples.tool

import com.github.ajalt.clikt.command.parse
import com.github.ajalt.clikt.core.CliktError
import com.github.ajalt.clikt.core.PrintHelpMessage
import com.github.ajalt.clikt.core.UsageError
import com.github.ajalt.clikt.core.subcommands
import kotlinx.coroutines.runBlocking
import java.nio.file.Files
import java.nio.file.Path
import kotlin.system.exitProcess

/** The `ancilla` command. Its exit status is 0, or one of [Status]. */
fun main(args: Array<String>) {
    exitProcess(run(args))
}

private fun run(args: Array<String>): Int {
    val tool = Ancilla().subcommands(Demo(), Recv(), Send(), Echo(), Exec(), Providers(), Bench())
    return try {
        refuseMangledWords()
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

/**
 * In a locale without an encoding the JVM puts a question mark for every byte that is not ASCII; the
 * kernel still has what was typed. A message that says something else must not be sent.
 */
private fun refuseMangledWords() {
    val words = Path.of("/proc/self/cmdline")
    if (System.getProperty("sun.jnu.encoding") != "ANSI_X3.4-1968" || !Files.isReadable(words)) return
    if (Files.readAllBytes(words).any { it < 0 }) {
        throw Ending(Status.USAGE, "this locale has only ASCII, the arguments have more; set LC_ALL=C.UTF-8")
    }
}
