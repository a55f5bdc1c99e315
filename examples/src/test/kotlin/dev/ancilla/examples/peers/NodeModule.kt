package dev.ancilla.examples.peers

import dev.ancilla.examples.tool.Program
import io.kotest.core.test.Enabled
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.createDirectories

/** A native module of npm, built for the Node.js that is here, and programs that use it. */
internal class NodeModule(private val name: String, private val version: String) {
    private val directory: Path = Path.of("target/$name").toAbsolutePath()
    private val programs: Path = Path.of("src/test/resources/peers").toAbsolutePath()

    /** For the tests that need it: whether it is here, or could be installed, and why not. */
    val needed: Enabled by lazy {
        val tools = Program.needed("node", "npm", "g++", "make")
        val missing = if (tools.isEnabled) missingHeader() ?: missingModule() else null
        if (missing == null) tools else Program.skipped(missing)
    }

    /** Starts a function of the file that is named after the module. */
    fun program(function: String, vararg args: String): Program =
        node(programs.resolve("$name.js").toString(), function, *args)

    private fun node(vararg args: String) =
        Program(listOf("node", *args), environment = mapOf("NODE_PATH" to "$directory/node_modules"))

    private fun prefix() = node("-p", "require('path').resolve(process.execPath, '../..')").use {
        it.status()
        it.out.trim()
    }

    private fun missingHeader(): String? {
        val header = Path.of(prefix(), "include/node/node.h")
        return if (Files.exists(header)) null else "Node.js came without its headers, there is no $header"
    }

    private fun loads() = node("-e", "require('$name')").use { it.status() } == 0

    /** Installs it where it is not here yet; returns why that failed. */
    private fun missingModule(): String? {
        if (loads()) return null
        directory.createDirectories()
        // One short try each: without a registry the tests are skipped, and not late.
        val fetching = listOf("--prefer-offline", "--fetch-retries=0", "--fetch-timeout=20000")
        val quiet = listOf("--no-audit", "--no-fund", "--no-save", "--prefix", "$directory")
        val install = listOf("npm", "install") + fetching + quiet + "$name@$version"
        Program(install, directory = directory, environment = mapOf("npm_config_nodedir" to prefix())).use {
            val status = runCatching { it.status() }.getOrNull()
            if (status == 0 && loads()) return null
            val reasons = it.err.lines().filter { line -> "error" in line }.take(3)
            return "npm could not install $name (status $status): $reasons"
        }
    }
}
