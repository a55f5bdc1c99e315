package dev.ancilla.consumer.java;

import dev.ancilla.Datagram;
import dev.ancilla.Message;
import dev.ancilla.OwnedFd;
import dev.ancilla.Sockets;
import dev.ancilla.UnixAddress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Passes a descriptor from one socket to another and reads the file through it. */
public final class Main {
  private static final Duration SOON = Duration.ofSeconds(10);

  private Main() {}

  /**
   * Runs the program; an exception makes its status other than 0.
   *
   * @param args {@code present} if native-ffm is on the module path
   * @throws IOException if the library does not do what it says
   */
  public static void main(String[] args) throws IOException {
    check(Main.class.getModule().isNamed(), "the program does not run as a module");
    if (args.length > 0 && args[0].equals("present")) {
      checkFfm();
    }
    Path directory = Files.createTempDirectory("ancilla-consumer");
    Path file = Files.writeString(directory.resolve("file"), "read through a descriptor");
    Path name = directory.resolve("server.sock");
    try (var server = Sockets.unixDgram().maxDescriptors(1).bind(UnixAddress.path(name));
        var client = Sockets.unixDgram().bind(UnixAddress.autobind());
        OwnedFd descriptor = OwnedFd.open(file)) {
      Files.delete(file);
      client.blocking().send(Message.of("file").to(server.localAddress()).with(descriptor), SOON);
      try (Datagram request = server.blocking().receive(SOON)) {
        String text = readAll(request.ancillary().take());
        check(text.equals("read through a descriptor"), "the descriptor holds \"" + text + '"');
        server.blocking().send(Message.of(text).to(request.sender()), SOON);
      }
      try (Datagram reply = client.blocking().receive(SOON)) {
        check(reply.text().equals("read through a descriptor"), "the reply is " + reply.text());
      }
      System.out.println("Java, on the module path, with " + server.provider() + ": passed.");
    } finally {
      Files.deleteIfExists(file);
      Files.deleteIfExists(name);
      Files.delete(directory);
    }
  }

  /** It is told of in any case: by its name, or on a Java that cannot load it by its class. */
  private static void checkFfm() {
    int version = Runtime.version().feature();
    String needed = "dev.ancilla.ffm.FfmProvider needs Java 22 or newer, this is " + version;
    boolean told =
        Sockets.providers().stream()
            .anyMatch(
                provider ->
                    version < 22
                        ? needed.equals(provider.unavailable())
                        : provider.name().equals("native-ffm"));
    check(told, "native-ffm is not told of: " + Sockets.providers());
  }

  private static String readAll(OwnedFd descriptor) throws IOException {
    try (descriptor) {
      return new String(descriptor.inputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalStateException(otherwise);
    }
  }
}
