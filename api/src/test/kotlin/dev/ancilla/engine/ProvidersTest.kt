package dev.ancilla.engine

import dev.ancilla.Feature
import dev.ancilla.Sockets
import dev.ancilla.UnsupportedFeatureException
import dev.ancilla.scripted.compileJava
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.collections.shouldContainInOrder
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import java.net.URLClassLoader
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.createDirectories
import kotlin.io.path.readBytes
import kotlin.io.path.writeBytes
import kotlin.io.path.writeText

class ProvidersTest : FunSpec({
    fun <T> forcing(name: String, block: () -> T): T {
        System.setProperty("ancilla.provider", name)
        try {
            return block()
        } finally {
            System.clearProperty("ancilla.provider")
        }
    }

    test("all providers are told, the highest rank first, and why one is not available") {
        val all = Sockets.providers()
        all.map { it.name() } shouldContainInOrder listOf("absent", "scripted", "scripted-many", "jdk")
        all.first { it.name() == "absent" }.unavailable() shouldBe "this is another platform"
        all.filter { it.available() }.map { it.name() } shouldContainExactly
            listOf("scripted", "scripted-many", "jdk")
        shouldThrow<UnsupportedOperationException> { all[1].features().clear() }
    }

    test("the highest available rank that has what was asked for is taken") {
        fun providerOf(builder: dev.ancilla.UnixDgramBuilder) = builder.open().use { it.provider() }
        providerOf(Sockets.unixDgram()) shouldBe "scripted"
        providerOf(Sockets.unixDgram().maxDescriptors(60)) shouldBe "scripted"
        providerOf(Sockets.unixDgram().maxDescriptors(61)) shouldBe "scripted-many"
        providerOf(Sockets.unixDgram().require(Feature.ADOPT)) shouldBe "scripted-many"
        Sockets.udp().open().use { it.provider() shouldBe "jdk" }
    }

    test("what no provider has is refused, naming the highest") {
        val failure =
            shouldThrow<UnsupportedFeatureException> { Sockets.unixDgram().require(Feature.MEMFD).open() }
        failure.feature() shouldBe Feature.MEMFD
        failure.provider() shouldBe "scripted"
    }

    test("a provider can be forced for the kinds it offers") {
        forcing("scripted-many") {
            Sockets.unixDgram().open().use { it.provider() shouldBe "scripted-many" }
            Sockets.udp().open().use { it.provider() shouldBe "jdk" }
        }
        forcing("jdk") { Sockets.unixDgram().open().use { it.provider() shouldBe "scripted" } }
        forcing(" ") { Sockets.unixDgram().open().use { it.provider() shouldBe "scripted" } }
    }

    test("a forced provider is not left for another that has more") {
        forcing("scripted") {
            val failure =
                shouldThrow<UnsupportedFeatureException> { Sockets.unixDgram().maxDescriptors(61).open() }
            failure.feature() shouldBe Feature.MANY_DESCRIPTORS
            failure.provider() shouldBe "scripted"
        }
    }

    test("a forced provider that is unknown or not available is an error that tells which there are") {
        for (name in listOf("nonesuch", "absent")) {
            forcing(name) {
                val failure = shouldThrow<UnsupportedOperationException> { Sockets.unixDgram().open() }
                failure.message shouldContain
                    "provider $name was asked for and is not available; providers found:"
                failure.message shouldContain
                    "absent (unavailable: this is another platform) scripted (available)"
            }
        }
    }

    test("providers that are broken are each told once, and the others work") {
        val directory = Files.createTempDirectory("ancilla")
        try {
            // The library alone, in a class loader of its own, beside the broken ones.
            val library = Sockets::class.java.protectionDomain.codeSource.location
            writeBrokenProviders(directory, Path.of(library.toURI()).toString())
            val platform = ClassLoader.getPlatformClassLoader()
            URLClassLoader(arrayOf(directory.toUri().toURL(), library), platform).use { loader ->
                val thread = Thread.currentThread()
                val context = thread.contextClassLoader
                thread.contextClassLoader = URLClassLoader(emptyArray(), loader) // Finds all of them again.
                try {
                    val sockets = loader.loadClass("dev.ancilla.Sockets")
                    val told = (sockets.getMethod("providers").invoke(null) as List<*>).map { it.toString() }
                    told.first() shouldContain "name=jdk, unavailable=null"
                    for (reason in listOf(
                        "Missing",
                        "no such library",
                        "unavailable=Newer needs Java 32512 or newer, this is ${Runtime.version().feature()},",
                        "not today",
                    )) {
                        told.count { reason in it && "name=(not loaded)" in it } shouldBe 1
                    }
                    val builder = sockets.getMethod("udp").invoke(null)
                    (builder.javaClass.getMethod("open").invoke(builder) as AutoCloseable).close()
                } finally {
                    thread.contextClassLoader = context
                }
            }
        } finally {
            directory.toFile().deleteRecursively()
        }
    }
})

private fun writeBrokenProviders(directory: Path, classPath: String) {
    fun source(name: String, static: String, unavailable: String) =
        """
        import dev.ancilla.*;
        import dev.ancilla.spi.*;
        import java.util.*;

        public class $name implements Provider {
          static { $static }
          public $name() {}
          public String name() { return "$name"; }
          public int priority() { return 1; }
          public String unavailable() { $unavailable }
          public Set<SocketKind> kinds() { return Set.of(); }
          public Set<Feature> features(SocketKind kind) { return Set.of(); }
          public int descriptorLimit() { return 0; }
          public EventLoop openLoop(String name) { return null; }
          public DgramTransport openDgram(SocketKind k, EventLoop l, DgramOptions o) { return null; }
          public DgramTransport adoptDgram(SocketKind k, EventLoop l, DgramOptions o, OwnedFd f) { return null; }
          public List<DgramTransport> pairDgram(SocketKind k, EventLoop l, DgramOptions o) { return List.of(); }
          public Descriptors descriptors() { return null; }
        }
        """.trimIndent()
    val fine = "return null;"
    compileJava(
        directory,
        mapOf(
            "Linkage" to
                source("Linkage", "if (true) throw new UnsatisfiedLinkError(\"no such library\");", fine),
            "Newer" to source("Newer", "", fine),
            "Throwing" to source("Throwing", "", "throw new IllegalStateException(\"not today\");"),
        ),
        classPath,
    )
    // The major version stands in bytes 6 and 7 of a class file: one that no JDK reads, of Java 32512.
    val newer = directory.resolve("Newer.class")
    val major = byteArrayOf(0x7f, 0x2c)
    newer.writeBytes(newer.readBytes().also { major.copyInto(it, 6) })
    val services = directory.resolve("META-INF/services").createDirectories()
    services.resolve("dev.ancilla.spi.Provider").writeText("Missing\nLinkage\nNewer\nThrowing\n")
}
