package dev.ancilla.examples.tool

import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldNotContain
import java.io.File
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.attribute.FileTime
import java.util.jar.Attributes
import java.util.jar.JarOutputStream
import java.util.jar.Manifest
import kotlin.io.path.createDirectories
import kotlin.io.path.writeText

/** The launcher in a checkout of its own, whose jar leads to the classes under test. */
class LauncherTest : FunSpec({
    val root = tempdir().toPath().resolve("a check out").createDirectories()
    val launcher = Files.copy(Path.of("").toAbsolutePath().resolveSibling("ancilla"), root.resolve("ancilla"))
    val jar = root.resolve("examples/target/ancilla.jar")
    val javaHome = mapOf("JAVA_HOME" to System.getProperty("java.home"))

    fun toolJar(target: Path) {
        target.parent.createDirectories()
        val manifest = Manifest()
        manifest.mainAttributes.apply {
            put(Attributes.Name.MANIFEST_VERSION, "1.0")
            put(Attributes.Name.MAIN_CLASS, "dev.ancilla.examples.tool.MainKt")
            putValue("Enable-Native-Access", "ALL-UNNAMED")
            val entries = System.getProperty("java.class.path").split(File.pathSeparator)
            put(Attributes.Name.CLASS_PATH, entries.joinToString(" ") { Path.of(it).toUri().toString() })
        }
        JarOutputStream(Files.newOutputStream(target), manifest).close()
    }

    fun launch(
        vararg args: String,
        file: Path = launcher,
        environment: Map<String, String> = javaHome,
    ): Ended = Program(listOf("$file") + args, directory = Path.of("/"), environment = environment)
        .use { Ended(it.status(), it.out, it.err) }

    /** A path with the usual programs, and with [script] as Maven. */
    fun pathWithMaven(name: String, script: String): Map<String, String> {
        val bin = root.resolveSibling(name).createDirectories()
        bin.resolve("mvn").apply { writeText("#!/bin/sh\n$script\n") }.toFile().setExecutable(true)
        return javaHome + ("PATH" to "$bin:/usr/bin:/bin")
    }

    beforeTest {
        root.resolve("pom.xml").writeText("<project/>")
        toolJar(jar)
    }

    test("runs what is built from any directory, through a symlink, and passes words as they are") {
        val link = Files.createSymbolicLink(root.resolveSibling("link to it"), launcher)
        launch("send", "unix:/tmp/not there", "a  b", file = link) shouldBe
            Ended(3, "", "ancilla: send ENOENT unix:/tmp/not there: No such file or directory\n")
    }

    test("words that are not ASCII go as they are typed, and without the launcher not as question marks") {
        val socket = root.resolve("utf-8.sock")
        val typed = "exec \"$@\" \"$(printf 'gr\\303\\274n')\""
        val plain = javaHome + mapOf("LC_ALL" to "C")
        Program.receiving(socket, "--count", "1", "--format", "json").use { recv ->
            val inPlainC = listOf("sh", "-c", typed, "sh") + Program.toolCommand("send", "unix:$socket")
            Program(inPlainC, environment = plain).use {
                it.status() shouldBe 2
                it.err shouldContain "this locale has only ASCII"
            }
            Program(listOf("sh", "-c", typed, "sh", "$launcher", "send", "unix:$socket"), environment = plain)
                .use { it.status() shouldBe 0 }
            recv.status() shouldBe 0
            recv.out shouldContain "\"payload\":\"Z3LDvG4=\",\"text\":\"gr\u00fcn\""
        }
    }

    test("says with -v which Java it takes, and takes the one of JAVA_HOME") {
        val ended = launch("-v", "providers")
        ended.status shouldBe 0
        ended.err shouldContain "ancilla: Java ${Runtime.version().feature()} of ${javaHome["JAVA_HOME"]}\n"
    }

    test("builds with Maven when the jar is missing or older than a source, and else does not") {
        val built = root.resolveSibling("built.jar").also { toolJar(it) }
        val environment = pathWithMaven("building", "echo building >>'$root/log' && cp '$built' '$jar'")

        launch("providers", environment = environment).status shouldBe 0
        Files.exists(root.resolve("log")) shouldBe false

        Files.delete(jar)
        launch("providers", environment = environment).status shouldBe 0
        Files.readString(root.resolve("log")) shouldBe "building\n"

        val source = root.resolve("api/src/main/java/A.java").apply { parent.createDirectories() }
        source.writeText("")
        Files.setLastModifiedTime(jar, FileTime.fromMillis(0))
        launch("providers", environment = environment).status shouldBe 0
        Files.readString(root.resolve("log")) shouldBe "building\nbuilding\n"
    }

    test("builds without native-ffm, and says so, only where there is no JDK that can build it") {
        val built = root.resolveSibling("built without.jar").also { toolJar(it) }
        // As on a machine that keeps no JDK in the usual places.
        val lonely = root.resolve("lonely")
        lonely.writeText(Files.readString(launcher).replace("/usr/lib/jvm/", "/nonexistent/"))
        lonely.toFile().setExecutable(true)

        fun build(version: Int): Pair<String, Ended> {
            val home = root.resolveSibling("java $version")
            home.resolve("bin").createDirectories()
            home.resolve("release").writeText("JAVA_VERSION=\"$version.0.1\"\n")
            val java = Path.of(System.getProperty("java.home"), "bin", "java")
            Files.createSymbolicLink(home.resolve("bin/java"), java)
            Files.deleteIfExists(jar)
            val words = root.resolveSibling("words of $version")
            val maven = pathWithMaven("maven of $version", "echo \"\$*\" >'$words' && cp '$built' '$jar'")
            val ended = launch("providers", file = lonely, environment = maven + ("JAVA_HOME" to "$home"))
            return Files.readString(words) to ended
        }

        val (older, said) = build(21)
        said.status shouldBe 0
        older shouldContain " -Dancilla.without.ffm "
        said.err shouldContain
            "ancilla: WITHOUT the fast provider native-ffm: building it needs a JDK 22 or newer"

        val (newer, silent) = build(22)
        silent.status shouldBe 0
        newer shouldNotContain "ancilla.without.ffm"
        silent.err shouldNotContain "WITHOUT"
    }

    test("shows the log when the build fails") {
        Files.delete(jar)
        val ended =
            launch("providers", environment = pathWithMaven("failing", "echo the compiler says no; exit 1"))
        ended.status shouldBe 3
        ended.err shouldContain "the compiler says no"
        ended.err shouldContain "ancilla: the build failed, see above"
    }

    test("says what is missing") {
        val nowhere = launch("providers", environment = mapOf("JAVA_HOME" to "/nonexistent"))
        nowhere shouldBe Ended(3, "", "ancilla: JAVA_HOME is /nonexistent, where there is no bin/java\n")

        Files.delete(jar)
        val bin = root.resolveSibling("without maven").createDirectories()
        for (program in listOf(
            "sh",
            "sed",
            "readlink",
            "dirname",
            "find",
            "head",
            "flock",
            "mktemp",
            "cat",
            "rm",
        )) {
            val real =
                listOf("/usr/bin", "/bin").map { Path.of(it, program) }.find(Files::isExecutable) ?: continue
            Files.createSymbolicLink(bin.resolve(program), real)
        }
        launch("providers", environment = javaHome + ("PATH" to "$bin")).err shouldContain
            "ancilla: no mvn found"
    }
})
