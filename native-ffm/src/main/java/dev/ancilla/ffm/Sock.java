package dev.ancilla.ffm;

import dev.ancilla.PeerCredentials;
import dev.ancilla.UnixAddress;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** The calls on a socket's descriptor that are not on the path of messages. */
final class Sock {
  private Sock() {}

  /** What a datagram socket is: calls on it say themselves that they do not wait. */
  static final int DGRAM = Abi.SOCK_DGRAM | Abi.SOCK_CLOEXEC;

  /** What a stream socket is: connecting and accepting cannot say that they do not wait. */
  static final int STREAM = Abi.SOCK_STREAM | Abi.SOCK_CLOEXEC | Abi.SOCK_NONBLOCK;

  /** What a sequenced-packet socket is, for the same reason. */
  static final int SEQPACKET = Abi.SOCK_SEQPACKET | Abi.SOCK_CLOEXEC | Abi.SOCK_NONBLOCK;

  static int open(int domain, int type, int protocol) throws IOException {
    try (Scratch scratch = Scratch.borrow()) {
      return checked("socket", Libc.socket(scratch.errno, domain, type, protocol));
    }
  }

  /** Opens two connected Unix sockets. */
  static int[] pair(int type) throws IOException {
    try (Scratch scratch = Scratch.borrow()) {
      checked(
          "socketpair",
          Libc.socketpair(scratch.errno, Abi.AF_UNIX, type, 0, scratch.memory.address()));
      return new int[] {
        scratch.memory.get(ValueLayout.JAVA_INT, 0), scratch.memory.get(ValueLayout.JAVA_INT, 4)
      };
    }
  }

  private static int checked(String operation, int result) throws IOException {
    if (result < 0) {
      throw Failures.of(operation, result, null, null);
    }
    return result;
  }

  /**
   * Returns 0, or the negative errno.
   *
   * @param mapped whether the socket is of IPv6, which does not bind to what is not
   */
  static int bind(int fd, SocketAddress address, boolean mapped) {
    try (Scratch scratch = Scratch.borrow()) {
      int length =
          mapped
              ? SockaddrInet.encodeMapped((InetSocketAddress) address, scratch.memory, 0)
              : Sockaddr.encode(address, scratch.memory, 0);
      return Libc.bind(scratch.errno, fd, scratch.memory.address(), length);
    }
  }

  /** Returns 0, or the negative errno. */
  static int connect(int fd, SocketAddress address) {
    try (Scratch scratch = Scratch.borrow()) {
      int length = Sockaddr.encode(address, scratch.memory, 0);
      return Libc.connect(scratch.errno, fd, scratch.memory.address(), length);
    }
  }

  /** Dissolves the connection (connect(2), AF_UNSPEC). Returns 0, or the negative errno. */
  static int disconnect(int fd) {
    try (Scratch scratch = Scratch.borrow()) {
      scratch.memory.set(ValueLayout.JAVA_LONG, 0, Abi.AF_UNSPEC);
      scratch.memory.set(ValueLayout.JAVA_LONG, 8, 0);
      return Libc.connect(scratch.errno, fd, scratch.memory.address(), 16);
    }
  }

  /** Returns 0, or the negative errno. */
  static int listen(int fd, int backlog) {
    try (Scratch scratch = Scratch.borrow()) {
      return Libc.listen(scratch.errno, fd, backlog);
    }
  }

  /** Returns the descriptor, close-on-exec and non-blocking, or the negative errno. */
  static int accept(int fd) {
    try (Scratch scratch = Scratch.borrow()) {
      int result;
      do {
        result = Libc.accept4(scratch.errno, fd, Abi.SOCK_CLOEXEC | Abi.SOCK_NONBLOCK);
      } while (result == -Abi.EINTR);
      return result;
    }
  }

  /** Returns 0, or the negative errno. */
  static int shutdown(int fd, int how) {
    try (Scratch scratch = Scratch.borrow()) {
      return Libc.shutdown(scratch.errno, fd, how);
    }
  }

  /** Makes the open file non-blocking, for everybody who shares it. */
  static void makeNonBlocking(int fd) throws IOException {
    try (Scratch scratch = Scratch.borrow()) {
      int flags = checked("fcntl", LibcFiles.fcntl(scratch.errno, fd, Abi.F_GETFL, 0));
      if ((flags & Abi.O_NONBLOCK) == 0) {
        checked("fcntl", LibcFiles.fcntl(scratch.errno, fd, Abi.F_SETFL, flags | Abi.O_NONBLOCK));
      }
    }
  }

  static PeerCredentials peerCredentials(int fd) throws IOException {
    try (Scratch scratch = Scratch.borrow()) {
      int size = Abi.Ucred.SIZE;
      scratch.memory.set(ValueLayout.JAVA_INT, size, size);
      long value = scratch.memory.address();
      checked(
          "getsockopt",
          Libc.getsockopt(scratch.errno, fd, Abi.SOL_SOCKET, Abi.SO_PEERCRED, value, value + size));
      return Control.credentials(scratch.memory, 0);
    }
  }

  /** Sets the mode that the file will have, less the umask, before it has a name. */
  static int fchmod(int fd, int mode) {
    try (Scratch scratch = Scratch.borrow()) {
      return LibcFiles.fchmod(scratch.errno, fd, mode);
    }
  }

  static @Nullable SocketAddress localAddress(int fd) throws IOException {
    try (Scratch scratch = Scratch.borrow()) {
      scratch.memory.set(ValueLayout.JAVA_INT, Sockaddr.ROOM, Sockaddr.ROOM);
      long name = scratch.memory.address();
      checked("getsockname", Libc.getsockname(scratch.errno, fd, name, name + Sockaddr.ROOM));
      return decode(scratch);
    }
  }

  /**
   * Returns {@code null} if it is not connected, and the unnamed address if the peer has no name.
   */
  static @Nullable SocketAddress remoteAddress(int fd) throws IOException {
    try (Scratch scratch = Scratch.borrow()) {
      scratch.memory.set(ValueLayout.JAVA_INT, Sockaddr.ROOM, Sockaddr.ROOM);
      long name = scratch.memory.address();
      int result = Libc.getpeername(scratch.errno, fd, name, name + Sockaddr.ROOM);
      if (result == -Abi.ENOTCONN) {
        return null;
      }
      checked("getpeername", result);
      SocketAddress address = decode(scratch);
      return address == null ? UnixAddress.unnamed() : address;
    }
  }

  private static @Nullable SocketAddress decode(Scratch scratch) {
    int length = scratch.memory.get(ValueLayout.JAVA_INT, Sockaddr.ROOM);
    return Sockaddr.decode(scratch.memory, 0, length);
  }

  static int option(int fd, int option) throws IOException {
    return option(fd, Abi.SOL_SOCKET, option);
  }

  static int option(int fd, int level, int option) throws IOException {
    try (Scratch scratch = Scratch.borrow()) {
      scratch.memory.set(ValueLayout.JAVA_INT, 4, Integer.BYTES);
      long value = scratch.memory.address();
      checked("getsockopt", Libc.getsockopt(scratch.errno, fd, level, option, value, value + 4));
      return scratch.memory.get(ValueLayout.JAVA_INT, 0);
    }
  }

  static void setOption(int fd, int option, int value) throws IOException {
    setOption(fd, Abi.SOL_SOCKET, option, value);
  }

  static void setOption(int fd, int level, int option, int value) throws IOException {
    checked(
        "setsockopt",
        setOption(
            fd,
            level,
            option,
            memory -> {
              memory.set(ValueLayout.JAVA_INT, 0, value);
              return Integer.BYTES;
            }));
  }

  /** Writes the value of an option, and returns its size. */
  @FunctionalInterface
  interface Value {
    int write(MemorySegment to);
  }

  /** Sets an option that is no number. Returns 0, or the negative errno. */
  static int setOption(int fd, int level, int option, Value value) {
    try (Scratch scratch = Scratch.borrow()) {
      int size = value.write(scratch.memory);
      return Libc.setsockopt(scratch.errno, fd, level, option, scratch.memory.address(), size);
    }
  }
}
