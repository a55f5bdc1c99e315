package dev.ancilla.ffm;

import dev.ancilla.Errno;
import dev.ancilla.InheritedFd;
import dev.ancilla.OwnedFd;
import dev.ancilla.SocketOpException;
import dev.ancilla.spi.SocketKind;
import dev.ancilla.spi.Transport;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Making a socket of a descriptor that was opened elsewhere. */
final class Adopting {
  private Adopting() {}

  /** What a descriptor has to be. */
  enum Kind {
    DGRAM("Unix datagram socket", SocketKind.UNIX_DGRAM),
    STREAM("Unix stream socket", SocketKind.UNIX_STREAM),
    SERVER("Unix stream socket that listens", SocketKind.UNIX_STREAM),
    SEQPACKET("Unix sequenced-packet socket", SocketKind.UNIX_SEQPACKET),
    SEQPACKET_SERVER("Unix sequenced-packet socket that listens", SocketKind.UNIX_SEQPACKET),
    UDP("UDP socket", SocketKind.UDP);

    private final String words;
    private final SocketKind socket;

    Kind(String words, SocketKind socket) {
      this.words = words;
      this.socket = socket;
    }

    private boolean listens() {
      return this == SERVER || this == SEQPACKET_SERVER;
    }
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
      case STREAM, SEQPACKET -> Sock.remoteAddress(number) == null;
      case SERVER, SEQPACKET_SERVER -> true;
    };
  }

  private static void check(int number, Kind kind, OwnedFd owned) throws IOException {
    boolean suits;
    boolean listens;
    try {
      suits = socketKind(number) == kind.socket;
      listens = listens(number);
    } catch (SocketOpException e) {
      if (e.errno() == Errno.ENOTSOCK) {
        throw refused(Errno.ENOTSOCK, owned + " is no " + kind.words);
      }
      throw e;
    }
    if (!suits) {
      throw refused(Errno.EPROTOTYPE, owned + " is another kind of socket");
    }
    if (listens != kind.listens()) {
      throw refused(Errno.EINVAL, owned + " is no " + kind.words);
    }
  }

  /** Takes over a descriptor that may be a socket, and says what it is. */
  static InheritedFd inherited(int number, String name) throws IOException {
    SocketKind kind = null;
    boolean listens = false;
    try {
      kind = socketKind(number);
      listens = listens(number);
    } catch (SocketOpException e) {
      if (e.errno() != Errno.ENOTSOCK) {
        throw e;
      }
    }
    return new InheritedFd(name, OwnedFd.wrap(new FfmFd(number)), kind, listens);
  }

  /** Returns what a socket is, or {@code null} if nothing here speaks it. */
  private static @Nullable SocketKind socketKind(int fd) throws IOException {
    int domain = Sock.option(fd, Abi.SO_DOMAIN);
    int type = Sock.option(fd, Abi.SO_TYPE);
    if (domain == Abi.AF_UNIX) {
      return switch (type) {
        case Abi.SOCK_DGRAM -> SocketKind.UNIX_DGRAM;
        case Abi.SOCK_STREAM -> SocketKind.UNIX_STREAM;
        case Abi.SOCK_SEQPACKET -> SocketKind.UNIX_SEQPACKET;
        default -> null;
      };
    }
    boolean udp =
        (domain == Abi.AF_INET || domain == Abi.AF_INET6)
            && type == Abi.SOCK_DGRAM
            && Sock.option(fd, Abi.SO_PROTOCOL) == Abi.IPPROTO_UDP;
    return udp ? SocketKind.UDP : null;
  }

  private static boolean listens(int fd) throws IOException {
    return Sock.option(fd, Abi.SO_ACCEPTCONN) != 0;
  }

  private static SocketOpException refused(Errno errno, String why) {
    return new SocketOpException("adopt", errno, why, null, null);
  }
}
