package dev.ancilla.ffm;

import dev.ancilla.Errno;
import dev.ancilla.OwnedFd;
import dev.ancilla.SocketOpException;
import dev.ancilla.spi.DgramTransport;
import java.io.IOException;

/** Making a socket of a descriptor that was opened elsewhere. */
final class Adopting {
  private Adopting() {}

  /** Tells whether a descriptor is a socket of the kind that is wanted. */
  @FunctionalInterface
  interface Test {
    boolean suits(int fd) throws IOException;
  }

  /** Makes a transport of a descriptor, which it owns from then on, also if that fails. */
  @FunctionalInterface
  interface Making<T extends DgramTransport> {
    T over(int fd) throws IOException;
  }

  static <T extends DgramTransport> T adopt(OwnedFd owned, String kind, Test test, Making<T> making)
      throws IOException {
    int copy;
    try (OwnedFd.Hold hold = owned.hold()) {
      int number = hold.handle().number();
      check(number, owned, kind, test);
      copy = FfmFd.duplicateOf(number).number();
    }
    T adopted = making.over(copy);
    owned.close();
    return adopted;
  }

  private static void check(int number, OwnedFd owned, String kind, Test test) throws IOException {
    try {
      if (test.suits(number)) {
        return;
      }
    } catch (SocketOpException e) {
      if (e.errno() == Errno.ENOTSOCK) {
        throw refused(Errno.ENOTSOCK, owned + " is no " + kind + " socket");
      }
      throw e;
    }
    throw refused(Errno.EPROTOTYPE, owned + " is another kind of socket");
  }

  private static SocketOpException refused(Errno errno, String why) {
    return new SocketOpException("adopt", errno, why, null, null);
  }
}
