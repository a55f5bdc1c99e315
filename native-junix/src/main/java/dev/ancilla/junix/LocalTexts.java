package dev.ancilla.junix;

import dev.ancilla.Errno;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXDatagramChannel;
import org.newsclub.net.unix.AFUNIXSocketAddress;

/**
 * Error texts in the language of the process: strerror(3) speaks it, and junixsocket hides the
 * number. The first text that is not English makes the common errors happen on purpose, on sockets
 * of our own, and remembers how each is called here.
 */
final class LocalTexts {
  private static final Map<String, Errno> LEARNED = new ConcurrentHashMap<>();

  /** "error=13, TEXT", and "error: 13 (TEXT)" of newer JDKs. */
  private static final Pattern NO_PERMISSION =
      Pattern.compile("error[=:] ?13(?:, | \\()(.*?)\\)?\\s*$");

  private static final class Lesson {
    static final boolean DONE = learn();
  }

  private LocalTexts() {}

  static Errno errno(@Nullable String text) {
    Errno english = Errno.ofText(text);
    if (english != Errno.UNKNOWN || text == null || !Lesson.DONE) {
      return english;
    }
    return LEARNED.getOrDefault(text.trim(), Errno.UNKNOWN);
  }

  /** A call that must fail with a known error. */
  @FunctionalInterface
  private interface Provocation {
    void run(AFUNIXDatagramChannel channel) throws IOException;
  }

  private static boolean learn() {
    Path directory = null;
    Path loop = null;
    try {
      directory = Files.createTempDirectory("ancilla");
      loop = Files.createSymbolicLink(directory.resolve("loop"), directory.resolve("loop"));
      SocketAddress missing = address(directory.resolve("missing"));
      SocketAddress below = address(Path.of("/proc/self/status/below"));
      SocketAddress looping = address(loop.resolve("below"));
      learn(Errno.ENOENT, channel -> channel.connect(missing));
      learn(Errno.ENOTDIR, channel -> channel.connect(below));
      learn(Errno.ELOOP, channel -> channel.connect(looping));
      learn(Errno.EPERM, LocalTexts::sendToSomebodyElses);
      learn(Errno.EMSGSIZE, LocalTexts::sendTooMuch);
      learnNoPermission();
      learnFromStream(directory.resolve("stream"));
      return true;
    } catch (IOException | RuntimeException e) {
      return !LEARNED.isEmpty();
    } finally {
      delete(loop);
      delete(directory);
    }
  }

  private static AFUNIXSocketAddress address(Path path) throws IOException {
    return AFUNIXSocketAddress.of(path);
  }

  private static void learn(Errno errno, Provocation provocation) throws IOException {
    try (AFUNIXDatagramChannel channel = AFUNIXDatagramChannel.open()) {
      channel.setDeleteOnClose(false);
      channel.configureBlocking(false);
      provocation.run(channel);
    } catch (IOException e) {
      if (e.getMessage() != null) {
        LEARNED.putIfAbsent(e.getMessage().trim(), errno);
      }
    }
  }

  private static void sendTooMuch(AFUNIXDatagramChannel channel) throws IOException {
    channel.setOption(java.net.StandardSocketOptions.SO_SNDBUF, 4608);
    channel.bind(Addresses.toJunix(Addresses.randomName()));
    channel.send(ByteBuffer.allocateDirect(1 << 20), channel.getLocalAddress());
  }

  /** Whoever is connected takes messages from its peer only (unix(7)). */
  private static void sendToSomebodyElses(AFUNIXDatagramChannel channel) throws IOException {
    try (AFUNIXDatagramChannel peer = AFUNIXDatagramChannel.open()) {
      channel.bind(Addresses.toJunix(Addresses.randomName()));
      peer.bind(Addresses.toJunix(Addresses.randomName()));
      channel.connect(channel.getLocalAddress());
      peer.send(ByteBuffer.allocateDirect(1), channel.getLocalAddress());
    }
  }

  /** By a path: an abstract name of another type of socket is as good as nobody's (unix(7)). */
  private static void learnFromStream(Path path) throws IOException {
    try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(path));
      learn(Errno.EPROTOTYPE, channel -> channel.connect(address(path)));
    } finally {
      delete(path);
    }
  }

  /** Even root may not execute what has no x bit, and the JDK reports that with the text. */
  private static void learnNoPermission() {
    try {
      new ProcessBuilder("/proc/self/status").start().destroyForcibly();
    } catch (IOException e) {
      Matcher told = NO_PERMISSION.matcher(String.valueOf(e.getMessage()));
      if (told.find()) {
        LEARNED.put(told.group(1).trim(), Errno.EACCES);
      }
    }
  }

  private static void delete(@Nullable Path path) {
    try {
      if (path != null) {
        Files.deleteIfExists(path);
      }
    } catch (IOException left) {
      path.toFile().deleteOnExit();
    }
  }
}
