package dev.ancilla.engine;

import dev.ancilla.Feature;
import dev.ancilla.Socket;
import dev.ancilla.spi.Descriptors;
import dev.ancilla.spi.FdHandle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Becoming another program, which has sockets of this one ({@code sd_listen_fds(3)}). */
public final class Exec {
  /** Where the C library looks without a PATH ({@code execvp(3)}). */
  private static final String USUAL_PATH = "/bin:/usr/bin";

  /** FDNAME_MAX of systemd. */
  private static final int LONGEST_NAME = 255;

  private Exec() {}

  /**
   * Becomes the program.
   *
   * @param command the program and its arguments
   * @param sockets the sockets, each with its name
   * @throws IOException if that fails; nothing has changed
   */
  public static void exec(List<String> command, Map<? extends Socket, String> sockets)
      throws IOException {
    if (command.isEmpty()) {
      throw new IllegalArgumentException("exec: the command is empty");
    }
    for (String word : command) {
      if (word.indexOf('\0') >= 0) {
        throw new IllegalArgumentException("exec " + word + ": a NUL, at which it would be cut");
      }
    }
    sockets.values().forEach(Exec::checkName);
    Descriptors descriptors = Providers.descriptors("exec", Feature.INHERITANCE);
    Path program = find(command.get(0), System.getenv("PATH"));
    List<FdHandle> inherited = new ArrayList<>();
    try {
      for (Socket socket : sockets.keySet()) {
        inherited.add(((OpenSocket<?>) socket).inheritable());
      }
      descriptors.exec(program, command, variables(sockets.values()), inherited);
    } finally {
      inherited.forEach(FdHandle::close);
    }
  }

  private static void checkName(String name) {
    boolean fits = name.length() <= LONGEST_NAME;
    if (!fits || name.chars().anyMatch(each -> each < ' ' || each > '~' || each == ':')) {
      throw new IllegalArgumentException(
          "the name of a socket is at most 255 characters of ASCII without colons: " + name);
    }
  }

  private static Map<String, String> variables(Collection<String> names) {
    return Map.of(
        "LISTEN_PID", Long.toString(ProcessHandle.current().pid()),
        "LISTEN_FDS", Integer.toString(names.size()),
        "LISTEN_FDNAMES", String.join(":", names));
  }

  /** Looks a command up, as {@code execvp(3)} does: what may not be executed is passed over. */
  static Path find(String command, @Nullable String path) throws IOException {
    if (command.indexOf('/') >= 0) {
      return Path.of(command);
    }
    Path forbidden = null;
    for (String directory : (path == null ? USUAL_PATH : path).split(":", -1)) {
      Path candidate = Path.of(directory.isEmpty() ? "." : directory, command);
      if (command.isEmpty() || !Files.exists(candidate)) {
        continue;
      }
      if (Files.isExecutable(candidate) && !Files.isDirectory(candidate)) {
        return candidate;
      }
      forbidden = candidate;
    }
    if (forbidden == null) {
      throw new NoSuchFileException(command);
    }
    return forbidden;
  }
}
