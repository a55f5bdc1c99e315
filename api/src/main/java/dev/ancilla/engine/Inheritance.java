package dev.ancilla.engine;

import dev.ancilla.Errno;
import dev.ancilla.Feature;
import dev.ancilla.InheritedFd;
import dev.ancilla.SocketOpException;
import dev.ancilla.spi.Descriptors;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The descriptors that a supervisor has left to this process ({@code sd_listen_fds(3)}). */
public final class Inheritance {
  /** The number of the first of them, SD_LISTEN_FDS_START. */
  private static final int FIRST = 3;

  private static boolean taken; // guarded by this class

  private Inheritance() {}

  /**
   * Takes them: each has one owner, so later calls find none.
   *
   * @return the descriptors, owned by the caller
   * @throws IOException if the environment tells of what is not there; nothing was taken
   */
  public static synchronized List<InheritedFd> take() throws IOException {
    List<String> names = names(System.getenv(), ProcessHandle.current().pid());
    if (taken || names.isEmpty()) {
      return List.of();
    }
    Descriptors descriptors = Providers.descriptors("inherited", Feature.INHERITANCE);
    List<InheritedFd> found = new ArrayList<>();
    try {
      for (String name : names) {
        found.add(descriptors.inherit(FIRST + found.size(), name));
      }
      taken = true;
    } finally {
      if (!taken) {
        for (InheritedFd each : found) {
          each.descriptor().release();
        }
      }
    }
    return Collections.unmodifiableList(found);
  }

  /** The names of the descriptors, none if the environment does not mean this process. */
  static List<String> names(Map<String, String> environment, long self) throws IOException {
    String pid = environment.get("LISTEN_PID");
    String count = environment.get("LISTEN_FDS");
    if (pid == null || count == null || number("LISTEN_PID", pid, Long.MAX_VALUE) != self) {
      return List.of();
    }
    int expected = (int) number("LISTEN_FDS", count, Integer.MAX_VALUE - FIRST);
    String joined = environment.get("LISTEN_FDNAMES");
    if (joined == null) {
      return Collections.nCopies(expected, "unknown");
    }
    List<String> names = expected == 0 ? List.of() : List.of(joined.split(":", -1));
    if (names.size() != expected) {
      throw invalid(
          "LISTEN_FDNAMES", joined, names.size() + " names for LISTEN_FDS=" + count, null);
    }
    return names;
  }

  private static long number(String variable, String value, long most) throws IOException {
    long number;
    try {
      number = Long.parseLong(value);
    } catch (NumberFormatException e) {
      throw invalid(variable, value, "not a number", e);
    }
    if (number < 0 || number > most) {
      throw invalid(variable, value, "not within 0.." + most, null);
    }
    return number;
  }

  private static IOException invalid(
      String variable, String value, String why, @Nullable Throwable cause) {
    SocketOpException invalid =
        new SocketOpException(
            "inherited", Errno.EINVAL, variable + " is \"" + value + "\": " + why, null, null);
    invalid.initCause(cause);
    return invalid;
  }
}
