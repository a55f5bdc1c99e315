package dev.ancilla.ffm

import dev.ancilla.OwnedFd
import dev.ancilla.Sockets
import dev.ancilla.spi.Provider
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.core.test.Enabled
import io.kotest.matchers.collections.shouldContain
import io.kotest.matchers.shouldBe
import java.io.DataInputStream
import java.lang.module.ModuleDescriptor
import java.lang.module.ModuleFinder
import java.nio.file.Files
import java.nio.file.Path
import java.util.ServiceLoader

/** A single source file, which needs no module of its own: the modules are resolved beside it. */
private const val PROGRAM = """
import dev.ancilla.*;

public class Program {
  public static void main(String[] arguments) throws Exception {
    ProviderInfo ffm = Sockets.providers().get(0);
    if (!ffm.available()) {
      System.out.println(ffm.unavailable());
      return;
    }
    try (var socket = Sockets.unixDgram().bind(UnixAddress.autobind())) {
      socket.blocking().send(
          Message.of("on the module path").to(socket.localAddress()));
      try (Datagram datagram = socket.blocking().receive()) {
        System.out.println("received " + datagram.text());
      }
    }
  }
}
"""

/** Tells which providers there are, and what becomes of who wants a socket or a descriptor. */
internal object Describe {
    @JvmStatic
    fun main(arguments: Array<String>) {
        for (info in Sockets.providers()) println("${info.name()}: ${info.unavailable() ?: "available"}")
        for (attempt in listOf({ unnamed().close() }, { OwnedFd.open(Path.of("/dev/null")).close() })) {
            try {
                attempt()
                println("opened")
            } catch (e: UnsupportedOperationException) {
                println("UnsupportedOperationException ${e.message}")
            }
        }
        println("still alive")
    }
}

/** How the provider is found, and what it says where it cannot be used. */
class ProviderTest :
    FunSpec({
        val classes = Path.of(FfmProvider::class.java.protectionDomain.codeSource.location.toURI())

        fun releaseOf(file: String): Int = DataInputStream(Files.newInputStream(classes.resolve(file))).use {
            it.readInt() shouldBe 0xCAFEBABE.toInt()
            it.readUnsignedShort()
            it.readUnsignedShort() - 44
        }

        test("the service file names the provider") {
            ServiceLoader.load(Provider::class.java).stream().map { it.type() }.toList().filter {
                it.packageName == "dev.ancilla.ffm"
            } shouldBe listOf(FfmProvider::class.java)
            FfmProvider().name() shouldBe "native-ffm"
        }

        test("the module descriptor provides what the service file names") {
            val service = Provider::class.java.name
            val descriptor: ModuleDescriptor =
                ModuleFinder
                    .of(
                        classes,
                    ).find("dev.ancilla.ffm")
                    .get()
                    .descriptor()
            descriptor.provides().associate { it.service() to it.providers() } shouldBe
                mapOf(service to Files.readAllLines(classes.resolve("META-INF/services/$service")))
            descriptor.provides().single().providers() shouldBe listOf(FfmProvider::class.java.name)
        }

        test("this module's tests run without native-junix, and native-ffm serves Unix datagrams") {
            shouldThrow<ClassNotFoundException> { Class.forName("org.newsclub.net.unix.AFUNIXSocket") }
            Sockets.providers().map { it.name() } shouldBe listOf("native-ffm", "jdk")
            unnamed().use { it.provider() shouldBe "native-ffm" }
        }

        // --illegal-native-access came with Java 24.
        val java = Runtime.version().feature()
        val denial = if (java >= 24) Enabled.enabled else Enabled.disabled("Java $java cannot deny it")

        test("denied native access makes the provider unavailable, and tells the option").config(
            enabledOrReasonIf = { denial },
        ) {
            val run = runMain(Describe::class.java.name, options = listOf("--illegal-native-access=deny"))
            withOutput(run) {
                val reason = "native access is denied; start Java with --enable-native-access=ALL-UNNAMED"
                run.lines shouldContain "native-ffm: $reason"
                run.lines shouldContain "jdk: available"
                run.lines.count {
                    it.startsWith("UnsupportedOperationException ") && it.contains(reason)
                } shouldBe 2
                run.lines.last { it.isNotBlank() } shouldBe "still alive"
                run.code shouldBe 0
            }
        }

        test("native access that is given is enough where it is denied otherwise").config(
            enabledOrReasonIf = { denial },
        ) {
            val options = listOf("--illegal-native-access=deny", "--enable-native-access=ALL-UNNAMED")
            val run = runMain(Describe::class.java.name, options = options)
            withOutput(run) { run.lines.take(2) shouldBe listOf("native-ffm: available", "jdk: available") }
        }

        test("on the module path the option names the module").config(
            enabledOrReasonIf = { denial },
        ) {
            val program = Files.createTempFile("Program", ".java")
            try {
                Files.writeString(program, PROGRAM)
                val modules =
                    listOf(Provider::class.java, FfmProvider::class.java).joinToString(":") {
                        "${Path.of(it.protectionDomain.codeSource.location.toURI())}"
                    }
                val onModulePath =
                    javaCommand() + listOf("--module-path", modules, "--add-modules", "dev.ancilla.ffm") +
                        "--illegal-native-access=deny"
                val denied = run(onModulePath + "$program")
                withOutput(denied) {
                    denied.lines shouldContain
                        "native access is denied; start Java with --enable-native-access=dev.ancilla.ffm"
                }
                val given = run(onModulePath + "--enable-native-access=dev.ancilla.ffm" + "$program")
                withOutput(given) { given.lines shouldContain "received on the module path" }
            } finally {
                Files.delete(program)
            }
        }

        test("the descriptor can be read by Java 17, the classes need 22") {
            releaseOf("module-info.class") shouldBe 17
            releaseOf("dev/ancilla/ffm/FfmProvider.class") shouldBe 22
        }
    })
