package dev.ancilla.ffm;

import dev.ancilla.Errno;
import dev.ancilla.OwnedFd;
import dev.ancilla.SocketOpException;
import dev.ancilla.spi.Transport;
import java.io.IOException;

/** Making a socket of a descriptor that was opened elsewhere. */
final class Adopting {
  private Adopting() {}

  /** What a descriptor has to be. */
  enum Kind {
    DGRAM("Unix datagram socket", fd -> UnixFamily.is(fd, Abi.SOCK_DGRAM)),
    STREAM("Unix stream socket", fd -> UnixFamily.is(fd, Abi.SOCK_STREAM)),
    SERVER("Unix stream socket that listens", fd -> UnixFamily.is(fd, Abi.SOCK_STREAM)),
    UDP("UDP socket", InetFamily::isUdp);

    private final String words;
    private final Test test;

    Kind(String words, Test test) {
      this.words = words;
      this.test = test;
    }
  }

  /** Tells whether a descriptor is a socket of the kind that is wanted. */
  @FunctionalInterface
  private interface Test {
    boolean suits(int fd) throws IOException;
  }

  /** Makes a transport of a descriptor, which it owns from then on, also if that fails. */
  @FunctionalInterface
  interface Over<T extends Transport> {
    T make(int fd) throws IOException;
  }

  static <T extends Transport> T adopt(OwnedFd owned, Kind kind, Over<T> over) throws IOException {
    int copy;
    try (OwnedFd.Hold hold = owned.hold()) {
      int number = hold.handle().number();
      check(number, kind, owned);
      if (mayWait(number, kind)) {
        Sock.makeNonBlocking(number);
      }
      copy = FfmFd.duplicateOf(number).number();
    }
    T adopted = over.make(copy);
    owned.close();
    return adopted;
  }

  /** Accepting and connecting cannot say themselves that they do not wait. */
  private static boolean mayWait(int number, Kind kind) throws IOException {
    return switch (kind) {
      case DGRAM, UDP -> false;
      case STREAM -> Sock.remoteAddress(number) == null;
      case SERVER -> true;
    };
  }

  private static void check(int number, Kind kind, OwnedFd owned) throws IOException {
    boolean suits;
    boolean listens;
    try {
      suits = kind.test.suits(number);
      listens = Sock.option(number, Abi.SO_ACCEPTCONN) != 0;
    } catch (SocketOpException e) {
      if (e.errno() == Errno.ENOTSOCK) {
        throw refused(Errno.ENOTSOCK, owned + " is no " + kind.words);
      }
      throw e;
    }
    if (!suits) {
      throw refused(Errno.EPROTOTYPE, owned + " is another kind of socket");
    }
    if (listens != (kind == Kind.SERVER)) {
      throw refused(Errno.EINVAL, owned + " is no " + kind.words);
    }
  }

  private static SocketOpException refused(Errno errno, String why) {
    return new SocketOpException("adopt", errno, why, null, null);
  }
}
