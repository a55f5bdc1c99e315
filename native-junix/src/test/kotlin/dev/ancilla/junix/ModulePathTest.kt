package dev.ancilla.junix

import io.kotest.matchers.collections.shouldContain
import io.kotest.matchers.shouldBe
import java.lang.module.ModuleFinder
import java.nio.file.Files
import java.nio.file.Path

/**
 * What the provider says, and does, on the module path. The program is a single Java source file: it
 * needs no module of its own, and the library's modules are resolved beside it.
 */
private const val PROGRAM = """
import dev.ancilla.*;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import org.newsclub.net.unix.AFUNIXDatagramChannel;
import org.newsclub.net.unix.AFUNIXSocketAddress;

public class Program {
  public static void main(String[] arguments) throws Exception {
    for (ProviderInfo info : Sockets.providers()) {
      System.out.println(info.name() + " available " + info.available());
    }
    ProviderInfo junix =
        Sockets.providers().stream().filter(p -> p.name().equals("native-junix")).findFirst().get();
    System.out.println("named " + Sockets.class.getModule().isNamed());
    System.out.println("limit " + junix.descriptorLimit());
    System.out.println(
        "many " + junix.features().values().iterator().next().contains(Feature.MANY_DESCRIPTORS));
    System.out.println("streams " + (junix.features().size() == 2));
    try {
      Sockets.unixDgram().maxDescriptors(61).open().close();
      System.out.println("61 can be asked for");
    } catch (UnsupportedFeatureException e) {
      System.out.println("61 needs " + e.feature());
    }
    try (var receiver = Sockets.unixDgram().maxDescriptors(60).bind(UnixAddress.autobind());
        var file = OwnedFd.open(Path.of("/dev/zero"))) {
      var sixty = Collections.nCopies(60, file);
      receiver.blocking().send(
          Message.of("x").to(receiver.localAddress()).with(Ancillary.lend(sixty)));
      try (Datagram datagram = receiver.blocking().receive()) {
        System.out.println("came " + datagram.ancillary().descriptors().size());
      }
      receiver.blocking().send(Message.empty().to(receiver.localAddress()));
      try (Datagram datagram = receiver.blocking().receive()) {
        System.out.println("empty, sender told " + (datagram.sender() != null));
      }
      var many = Ancillary.lend(Collections.nCopies(61, file));
      receiver.blocking().send(Message.empty().to(receiver.localAddress()).with(many));
      receiver.blocking().send(Message.of("after").to(receiver.localAddress()));
      try (Datagram datagram = receiver.blocking().receive()) {
        System.out.println("empty with " + datagram.ancillary().descriptors().size());
      } catch (SocketOpException e) {
        System.out.println("empty " + e.errno());
      }
      try (Datagram datagram = receiver.blocking().receive()) {
        System.out.println("then " + datagram.text());
      }
      try (var stranger = AFUNIXDatagramChannel.open()) {
        stranger.bind(AFUNIXSocketAddress.of(arguments[0].getBytes()));
        var name = ((UnixAddress) receiver.localAddress()).name();
        var target = ByteBuffer.allocate(name.length + 1).put(1, name).array();
        stranger.connect(AFUNIXSocketAddress.of(target));
        stranger.write(ByteBuffer.wrap(new byte[] {'x'}));
      }
      try (Datagram datagram = receiver.blocking().receive()) {
        System.out.println(datagram.text() + " of 108 bytes from " + datagram.sender());
      }
    }
  }
}
"""

private val MODULES =
    setOf(
        "dev.ancilla",
        "dev.ancilla.junix",
        "org.newsclub.net.unix",
        "com.kohlschutter.junixsocket.nativecommon",
    )

private fun moduleIn(entry: String): String? =
    runCatching { ModuleFinder.of(Path.of(entry)).findAll().single().descriptor().name() }.getOrNull()

class ModulePathTest : RowSpec({
    fun runProgram(vararg options: String): Finished {
        val file = Files.writeString(directory.resolve("Program.java"), PROGRAM)
        val modulePath = classPath().split(":").filter { moduleIn(it) in MODULES }
        return run(
            javaCommand().take(3) + nativeAccess("org.newsclub.net.unix") +
                listOf("--module-path", modulePath.joinToString(":"), "--add-modules", "dev.ancilla.junix") +
                options + listOf("$file", "$directory/".padEnd(108, 'x')),
        )
    }

    test("A2 on the module path the provider says that 60 descriptors can come, and they do") {
        val run = runProgram()
        withOutput(run) {
            run.code shouldBe 0
            run.lines shouldContain "named true"
            run.lines shouldContain "limit 60"
            run.lines shouldContain "many false"
            run.lines shouldContain "streams false"
            run.lines shouldContain "61 needs MANY_DESCRIPTORS"
            run.lines shouldContain "came 60"
            run.lines shouldContain "empty, sender told false"
            run.lines shouldContain "empty ENOBUFS"
            run.lines shouldContain "then after"
            run.lines shouldContain "x of 108 bytes from null"
        }
    }

    test("H1 on the module path with --add-opens all 253 can come") {
        val run = runProgram("--add-opens", "org.newsclub.net.unix/org.newsclub.net.unix=dev.ancilla.junix")
        withOutput(run) {
            run.lines shouldContain "limit 253"
            run.lines shouldContain "streams true"
            run.lines shouldContain "61 can be asked for"
            run.lines shouldContain "came 60"
            run.lines shouldContain "empty, sender told true"
            run.lines shouldContain "empty with 60"
            run.lines shouldContain "then after"
            run.lines shouldContain "x of 108 bytes from null"
        }
    }

    test("H5 our module brings the module of the native library") {
        val run = runProgram()
        withOutput(run) { run.lines shouldContain "native-junix available true" }
    }
})
