package dev.ancilla.ffm;

import dev.ancilla.spi.FdHandle;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/**
 * Becoming another program ({@code execve(2)}), and what has to be so before: its descriptors in
 * their places, every other one close-on-exec, and no signal blocked that Java blocks.
 *
 * <p>The places are those of descriptors of the JVM, its classes among them. So all that can fail
 * is done before they are taken, and a refused call gives them back at once.
 */
final class Exec {
  /** SD_LISTEN_FDS_START. */
  private static final int FIRST = 3;

  private final Arena arena;
  private final MemorySegment errno;

  /** What was done, the last first. */
  private final Deque<Runnable> undo = new ArrayDeque<>();

  private Exec(Arena arena) {
    this.arena = arena;
    this.errno = Libc.newErrno(arena);
  }

  /**
   * Returns only if it fails.
   *
   * @return the negative errno of execve; everything is as it was before
   * @throws IOException if it cannot be prepared; everything is as it was before
   */
  static int call(
      Path program,
      List<String> arguments,
      Map<String, String> variables,
      List<FdHandle> descriptors)
      throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      return new Exec(arena).becoming(program, arguments, variables, descriptors);
    }
  }

  private int becoming(
      Path program,
      List<String> arguments,
      Map<String, String> variables,
      List<FdHandle> descriptors)
      throws IOException {
    long file = string(FileName.of(program));
    int allowed = LibcFiles.access(errno, file, Abi.X_OK);
    if (allowed < 0) {
      return allowed;
    }
    long words = strings(arguments.stream().map(FileName::bytesOf).toList());
    long environment = strings(environment(variables));
    try {
      unblockQuit();
      place(descriptors);
      return LibcFiles.execve(errno, file, words, environment);
    } finally {
      undo.forEach(Runnable::run);
    }
  }

  private long string(byte[] bytes) {
    MemorySegment string = arena.allocate(bytes.length + 1L);
    string.asByteBuffer().put(bytes);
    return string.address();
  }

  private long strings(List<byte[]> strings) {
    MemorySegment list = arena.allocate(Long.BYTES * (strings.size() + 1L), Long.BYTES);
    for (int i = 0; i < strings.size(); i++) {
      list.setAtIndex(ValueLayout.JAVA_LONG, i, string(strings.get(i)));
    }
    return list.address();
  }

  /** This process's environment byte for byte, but for these variables. */
  private static List<byte[]> environment(Map<String, String> variables) throws IOException {
    List<byte[]> found = new ArrayList<>();
    byte[] own = Files.readAllBytes(Path.of("/proc/self/environ"));
    for (String entry : new String(own, StandardCharsets.ISO_8859_1).split("\0")) {
      String name = entry.substring(0, Math.max(entry.indexOf('='), 0));
      if (!entry.isEmpty() && !variables.containsKey(name)) {
        found.add(entry.getBytes(StandardCharsets.ISO_8859_1));
      }
    }
    variables.forEach((name, value) -> found.add(FileName.bytesOf(name + "=" + value)));
    return found;
  }

  /** Java has its threads block it, but for one; other handlers go with it (signal(7)). */
  private void unblockQuit() throws IOException {
    long before = arena.allocate(Abi.SIGSET_SIZE, Long.BYTES).address();
    MemorySegment set = arena.allocate(Abi.SIGSET_SIZE, Long.BYTES);
    set.set(ValueLayout.JAVA_LONG, 0, 1L << (Abi.SIGQUIT - 1));
    checked("sigprocmask", LibcFiles.sigprocmask(errno, Abi.SIG_UNBLOCK, set.address(), before));
    undo.push(() -> LibcFiles.sigprocmask(errno, Abi.SIG_SETMASK, before, 0));
  }

  private void place(List<FdHandle> descriptors) throws IOException {
    int end = FIRST + descriptors.size();
    List<Integer> sources = new ArrayList<>();
    List<Runnable> back = new ArrayList<>();
    for (FdHandle descriptor : descriptors) {
      int source = copy(descriptor.number(), end);
      makeBlocking(source);
      back.add(keep(FIRST + sources.size(), end));
      sources.add(source);
    }
    closeOthersThen(end);
    for (int i = 0; i < sources.size(); i++) {
      checked("dup2", LibcFiles.dup2(errno, sources.get(i), FIRST + i));
      undo.push(back.get(i));
    }
  }

  /** A duplicate beyond the places, until the end of this. */
  private int copy(int number, int least) throws IOException {
    int copy = checked("dup", LibcFiles.fcntl(errno, number, Abi.F_DUPFD_CLOEXEC, least));
    undo.push(() -> Libc.close(copy));
    return copy;
  }

  /** As the program expects it that knows nothing of this library. */
  private void makeBlocking(int socket) throws IOException {
    int flags = checked("fcntl", LibcFiles.fcntl(errno, socket, Abi.F_GETFL, 0));
    checked("fcntl", LibcFiles.fcntl(errno, socket, Abi.F_SETFL, flags & ~Abi.O_NONBLOCK));
    undo.push(() -> LibcFiles.fcntl(errno, socket, Abi.F_SETFL, flags));
  }

  /** Keeps what has this number, and returns how it gets it back. */
  private Runnable keep(int number, int least) throws IOException {
    int flags = LibcFiles.fcntl(errno, number, Abi.F_GETFD, 0);
    if (flags < 0) {
      return () -> Libc.close(number);
    }
    int kept = copy(number, least);
    return () -> {
      LibcFiles.dup2(errno, kept, number);
      LibcFiles.fcntl(errno, number, Abi.F_SETFD, flags);
    };
  }

  /** Java itself opens files and sockets that are not close-on-exec. */
  private void closeOthersThen(int least) throws IOException {
    try (DirectoryStream<Path> open = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path each : open) {
        int number = Integer.parseInt(each.getFileName().toString());
        int flags = number < least ? -1 : LibcFiles.fcntl(errno, number, Abi.F_GETFD, 0);
        if (flags >= 0 && (flags & Abi.FD_CLOEXEC) == 0) {
          LibcFiles.fcntl(errno, number, Abi.F_SETFD, flags | Abi.FD_CLOEXEC);
          undo.push(() -> LibcFiles.fcntl(errno, number, Abi.F_SETFD, flags));
        }
      }
    }
  }

  private static int checked(String operation, int result) throws IOException {
    if (result < 0) {
      throw Failures.ofFile(operation, result);
    }
    return result;
  }
}
