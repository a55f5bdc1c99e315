package dev.ancilla.ffm;

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

  /** Opens a datagram socket, close-on-exec. */
  static int open(int domain, int protocol) throws IOException {
    try (Scratch scratch = Scratch.borrow()) {
      int fd = Libc.socket(scratch.errno, domain, Abi.SOCK_DGRAM | Abi.SOCK_CLOEXEC, protocol);
      if (fd < 0) {
        throw Failures.of("socket", fd, null, null);
      }
      return fd;
    }
  }

  /** Opens two connected Unix datagram sockets, close-on-exec. */
  static int[] pairDgram() throws IOException {
    try (Scratch scratch = Scratch.borrow()) {
      int result =
          Libc.socketpair(
              scratch.errno,
              Abi.AF_UNIX,
              Abi.SOCK_DGRAM | Abi.SOCK_CLOEXEC,
              0,
              scratch.memory.address());
      if (result < 0) {
        throw Failures.of("socketpair", result, null, null);
      }
      return new int[] {
        scratch.memory.get(ValueLayout.JAVA_INT, 0), scratch.memory.get(ValueLayout.JAVA_INT, 4)
      };
    }
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

  /** Sets the mode that the file will have, less the umask, before it has a name. */
  static int fchmod(int fd, int mode) {
    try (Scratch scratch = Scratch.borrow()) {
      return Libc.fchmod(scratch.errno, fd, mode);
    }
  }

  static @Nullable SocketAddress localAddress(int fd) throws IOException {
    try (Scratch scratch = Scratch.borrow()) {
      scratch.memory.set(ValueLayout.JAVA_INT, Sockaddr.ROOM, Sockaddr.ROOM);
      long name = scratch.memory.address();
      int result = Libc.getsockname(scratch.errno, fd, name, name + Sockaddr.ROOM);
      if (result < 0) {
        throw Failures.of("getsockname", result, null, null);
      }
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
      if (result < 0) {
        throw Failures.of("getpeername", result, null, null);
      }
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
      int result = Libc.getsockopt(scratch.errno, fd, level, option, value, value + 4);
      if (result < 0) {
        throw Failures.of("getsockopt", result, null, null);
      }
      return scratch.memory.get(ValueLayout.JAVA_INT, 0);
    }
  }

  static void setOption(int fd, int option, int value) throws IOException {
    setOption(fd, Abi.SOL_SOCKET, option, value);
  }

  static void setOption(int fd, int level, int option, int value) throws IOException {
    int result =
        setOption(
            fd,
            level,
            option,
            memory -> {
              memory.set(ValueLayout.JAVA_INT, 0, value);
              return Integer.BYTES;
            });
    if (result < 0) {
      throw Failures.of("setsockopt", result, null, null);
    }
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
