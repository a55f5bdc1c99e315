package dev.ancilla.ffm;

import dev.ancilla.Errno;
import dev.ancilla.SocketOpException;
import java.io.IOException;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** What the kernel refused, as operation, addresses and errno. */
final class Failures {
  private Failures() {}

  /**
   * Makes the exception of a failed call.
   *
   * @param result the call's result, the negative errno
   */
  static SocketOpException of(
      String operation, int result, @Nullable SocketAddress local, @Nullable SocketAddress remote) {
    Errno errno = Errno.ofNumber(-result);
    String text = errno == Errno.UNKNOWN ? "errno " + -result : null;
    return new SocketOpException(operation, errno, text, local, remote);
  }

  /** Makes the exception of a call on a descriptor that is no socket of ours. */
  static IOException ofFile(String operation, long result) {
    return of(operation, (int) result, null, null);
  }
}
