package dev.ancilla.ffm;

import dev.ancilla.UnixAddress;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** {@code struct sockaddr_un} to and from {@link UnixAddress}, by the rules of {@code unix(7)}. */
final class SockaddrUnix {
  private SockaddrUnix() {}

  /**
   * Writes an address and returns its length. A path ends with a NUL; an abstract name does not.
   */
  static int encode(UnixAddress address, MemorySegment to, long offset) {
    to.set(ValueLayout.JAVA_SHORT, offset, (short) Abi.AF_UNIX);
    byte[] name = address.name();
    long at = offset + Abi.SockaddrUn.PATH;
    return switch (address.kind()) {
      // The family alone asks the kernel to choose a name.
      case AUTOBIND, UNNAMED -> Abi.SockaddrUn.PATH;
      case ABSTRACT -> {
        to.set(ValueLayout.JAVA_BYTE, at, (byte) 0);
        MemorySegment.copy(name, 0, to, ValueLayout.JAVA_BYTE, at + 1, name.length);
        yield Abi.SockaddrUn.PATH + 1 + name.length;
      }
      case PATH -> {
        MemorySegment.copy(name, 0, to, ValueLayout.JAVA_BYTE, at, name.length);
        to.set(ValueLayout.JAVA_BYTE, at + name.length, (byte) 0);
        yield Abi.SockaddrUn.PATH + name.length + 1;
      }
    };
  }

  /** Reads an address; {@code null} for a socket without a name. */
  static @Nullable UnixAddress decode(MemorySegment from, long offset, int length) {
    if (length <= Abi.SockaddrUn.PATH) {
      return null;
    }
    long at = offset + Abi.SockaddrUn.PATH;
    int size = length - Abi.SockaddrUn.PATH;
    if (from.get(ValueLayout.JAVA_BYTE, at) == 0) {
      // Linux takes the empty abstract name too. To a UnixAddress it is none.
      return size == 1 ? null : UnixAddress.abstractName(Sockaddr.bytes(from, at + 1, size - 1));
    }
    // Who binds without the final NUL, as bind(2) allows, is told with one (unix(7), BUGS).
    int end = 0;
    while (end < size && from.get(ValueLayout.JAVA_BYTE, at + end) != 0) {
      end++;
    }
    // The kernel takes a path of 108 bytes too, to which no answer can be sent: its NUL does not
    // fit.
    return end > UnixAddress.MAX_LENGTH ? null : UnixAddress.path(Sockaddr.bytes(from, at, end));
  }
}
