package dev.ancilla.ffm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The senders that were decoded lately, so that the same one costs a comparison. Of fixed size: a
 * stranger with many names pushes others out, and no more. Not safe for use by several threads.
 */
final class SenderCache {
  private static final int SIZE = 64;

  private final MemorySegment[] names = new MemorySegment[SIZE];
  private final @Nullable SocketAddress[] addresses = new SocketAddress[SIZE];

  @Nullable SocketAddress decode(MemorySegment from, long offset, int length) {
    if (length <= Abi.SockaddrUn.PATH) {
      return null;
    }
    int slot = slot(from, offset, length);
    MemorySegment known = names[slot];
    if (known != null
        && known.byteSize() == length
        && MemorySegment.mismatch(known, 0, length, from, offset, offset + length) == -1) {
      return addresses[slot];
    }
    SocketAddress address = Sockaddr.decode(from, offset, length);
    byte[] name = new byte[length];
    MemorySegment.copy(from, ValueLayout.JAVA_BYTE, offset, name, 0, length);
    names[slot] = MemorySegment.ofArray(name);
    addresses[slot] = address;
    return address;
  }

  /**
   * Names of files differ mostly at their ends, where an Internet address has its lower half; its
   * port is at the start. A name has room for eight bytes before its own end.
   */
  private static int slot(MemorySegment from, long offset, int length) {
    long mixed =
        length < 8
            ? from.get(ValueLayout.JAVA_SHORT_UNALIGNED, offset + length - 2)
            : from.get(ValueLayout.JAVA_LONG_UNALIGNED, offset + length - 8)
                + Long.rotateLeft(from.get(ValueLayout.JAVA_LONG_UNALIGNED, offset), 32);
    return (int) ((mixed + length) * 0x9E3779B97F4A7C15L >>> 58);
  }
}
