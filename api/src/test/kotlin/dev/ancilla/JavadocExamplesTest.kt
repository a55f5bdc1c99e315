package dev.ancilla

import dev.ancilla.scripted.await
import dev.ancilla.scripted.compileJava
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldContainAll
import java.net.URLClassLoader
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.CompletableFuture
import kotlin.io.path.nameWithoutExtension
import kotlin.io.path.readText

/** The examples in the Javadoc, verbatim: all are compiled, and those that need no provider run. */
class JavadocExamplesTest : FunSpec({
    val central =
        (
            "Ancillary AsyncDgram BlockingDgram Datagram DgramListener DgramSocket EventLoop InheritedFd " +
                "Message OwnedFd Resolver Server ServerListener Sockets StreamListener StreamRead " +
                "StreamSocket UdpSocket UnixAddress UnixDgramSocket UnixSeqpacketSocket"
        ).split(' ')
    val examples = examplesOf(Path.of("src/main/java/dev/ancilla"))
    val classes: Path = Files.createTempDirectory("ancilla")

    afterSpec { classes.toFile().deleteRecursively() }

    test("each central type has an example") {
        examples.keys.map { it.substringBefore("Example") }.toSet() shouldContainAll central
    }

    for ((name, code) in examples) {
        // Descriptors and Unix sockets need a provider, which the api alone has not.
        val runs = "unixDgram()" !in code && "unixS" !in code && "OwnedFd" !in code
        test("$name compiles" + if (runs) " and runs" else "") {
            val library = Path.of(Sockets::class.java.protectionDomain.codeSource.location.toURI())
            compileJava(classes, mapOf(name to wrapped(name, code)), "$library")
            if (runs) {
                val parent = Sockets::class.java.classLoader
                URLClassLoader(arrayOf(classes.toUri().toURL()), parent).use { loader ->
                    val run = loader.loadClass(name).getMethod("run")
                    CompletableFuture.runAsync { run.invoke(null) }.await()
                }
            }
        }
    }
})

private val EXAMPLE = Regex("""<pre>\{@code\n(.*?)\n[ *]*}</pre>""", RegexOption.DOT_MATCHES_ALL)

private fun examplesOf(directory: Path): Map<String, String> {
    val sources =
        Files.walk(directory).use { all ->
            all.toList().filter { "$it".endsWith(".java") }.sorted()
        }
    return sources
        .flatMap { source ->
            EXAMPLE.findAll(source.readText()).mapIndexed { n, match ->
                val code =
                    match.groupValues[1].lines().joinToString(
                        "\n",
                    ) { it.trimStart().removePrefix("*") }
                "${source.nameWithoutExtension}Example${if (n == 0) "" else "${n + 1}"}" to code
            }
        }.toMap()
}

private fun wrapped(name: String, code: String) =
    """
    import dev.ancilla.*;
    import java.io.InputStream;
    import java.net.InetAddress;
    import java.net.InetSocketAddress;
    import java.net.NetworkInterface;
    import java.net.SocketTimeoutException;
    import java.nio.ByteBuffer;
    import java.nio.file.Path;
    import java.nio.file.StandardOpenOption;
    import java.time.Duration;
    import java.util.List;
    import java.util.concurrent.CompletableFuture;
    import java.util.concurrent.CountDownLatch;

    public final class $name {
      private $name() {}

      public static void run() throws Exception {
    """.trimIndent() + "\n$code\n  }\n}\n"
