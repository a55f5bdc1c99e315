package dev.ancilla.ffm;

import dev.ancilla.UnixAddress;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** The kernel's addresses to and from Java's: {@code struct sockaddr} of each family. */
final class Sockaddr {
  /** What there must be room for. */
  static final int ROOM = 112;

  private Sockaddr() {}

  /** Writes an address and returns its length. */
  static int encode(SocketAddress address, MemorySegment to, long offset) {
    return address instanceof UnixAddress unix
        ? SockaddrUnix.encode(unix, to, offset)
        : SockaddrInet.encode((InetSocketAddress) address, to, offset);
  }

  /** Reads an address; {@code null} for a socket without a name. */
  static @Nullable SocketAddress decode(MemorySegment from, long offset, int length) {
    if (length < Short.BYTES) {
      return null;
    }
    return switch (from.get(ValueLayout.JAVA_SHORT, offset)) {
      case Abi.AF_INET -> SockaddrInet.decode4(from, offset);
      case Abi.AF_INET6 -> SockaddrInet.decode6(from, offset);
      default -> SockaddrUnix.decode(from, offset, length);
    };
  }

  static byte[] bytes(MemorySegment from, long at, int size) {
    byte[] bytes = new byte[size];
    MemorySegment.copy(from, ValueLayout.JAVA_BYTE, at, bytes, 0, size);
    return bytes;
  }
}
