package dev.ancilla.scripted

import java.io.StringWriter
import java.nio.file.Path
import javax.tools.ToolProvider
import kotlin.io.path.writeText

/** Compiles Java sources, given by class name, into [directory]. Fails with what javac says. */
fun compileJava(directory: Path, sources: Map<String, String>, classPath: String) {
    val files = sources.map { (name, text) -> directory.resolve("$name.java").apply { writeText(text) } }
    val said = StringWriter()
    val options =
        listOf("-d", "$directory", "-classpath", classPath, "-Xlint:all", "-Werror", "--release", "17")
    val compiler = ToolProvider.getSystemJavaCompiler()
    val units = compiler.getStandardFileManager(null, null, null).getJavaFileObjects(*files.toTypedArray())
    check(compiler.getTask(said, null, null, options, null, units).call()) { "javac refuses:\n$said" }
}
