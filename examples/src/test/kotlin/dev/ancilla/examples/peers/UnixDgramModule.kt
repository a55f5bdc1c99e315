package dev.ancilla.examples.peers

import dev.ancilla.examples.tool.Program
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.createDirectories

/** The npm module unix-dgram, built for the Node.js that is here, and programs that use it. */
internal object UnixDgramModule {
    private const val VERSION = "2.0.7"
    private val directory: Path = Path.of("target/unix-dgram").toAbsolutePath()
    private val programs: Path = Path.of("src/test/resources/peers").toAbsolutePath()

    /** Whether it is here, or could be installed; says why not. */
    val isHere: Boolean by lazy { toolsAreHere() && headersAreHere() && (loads() || installs()) }

    /** Starts a function of `unix-dgram.js`. */
    fun program(function: String, vararg args: String): Program =
        node(programs.resolve("unix-dgram.js").toString(), function, *args)

    private fun node(vararg args: String) =
        Program(listOf("node", *args), environment = mapOf("NODE_PATH" to "$directory/node_modules"))

    private fun toolsAreHere() = listOf("node", "npm", "g++", "make").all(Program::isHere)

    private fun prefix() = node("-p", "require('path').resolve(process.execPath, '../..')").use {
        it.status()
        it.out.trim()
    }

    private fun headersAreHere(): Boolean {
        val header = Path.of(prefix(), "include/node/node.h")
        val here = Files.exists(header)
        if (!here) println("SKIPPED: Node.js came without its headers, there is no $header")
        return here
    }

    private fun loads() = node("-e", "require('unix-dgram')").use { it.status() } == 0

    private fun installs(): Boolean {
        directory.createDirectories()
        // One short try each: without a registry the tests are skipped, and not late.
        val fetching = listOf("--prefer-offline", "--fetch-retries=0", "--fetch-timeout=20000")
        val quiet = listOf("--no-audit", "--no-fund", "--no-save", "--prefix", "$directory")
        val install = listOf("npm", "install") + fetching + quiet + "unix-dgram@$VERSION"
        Program(install, directory = directory, environment = mapOf("npm_config_nodedir" to prefix())).use {
            val status = runCatching { it.status() }.getOrNull()
            if (status == 0 && loads()) return true
            val reasons = it.err.lines().filter { line -> "error" in line }.take(3)
            println("SKIPPED: npm could not install unix-dgram (status $status): $reasons")
            return false
        }
    }
}
