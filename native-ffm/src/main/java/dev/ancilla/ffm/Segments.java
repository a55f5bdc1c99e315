package dev.ancilla.ffm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Joins messages of a send batch: those of one size to one target go through the kernel as one,
 * which the interface, or the kernel at its end, cuts up again ({@code UDP_SEGMENT}, {@code
 * udp(7)}). The last one of each may be shorter. Guarded by the lock of its batch.
 */
final class Segments {
  /** UDP_MAX_SEGMENTS of linux/udp.h, before Linux 6.9 made it twice as many. */
  private static final int MOST = 64;

  /** Below the largest datagram, which bounds what is joined too. */
  private static final int MOST_BYTES = 65_000;

  /** What passes everywhere in one packet; for longer messages there is less to gain. */
  private static final int LARGEST = 1452;

  private static final int CONTROL = Abi.Cmsghdr.space(Short.BYTES);

  private final MemorySegment headers;
  private final MemorySegment controls;
  private final MemorySegment pieces;
  private final int[] messages;

  Segments(int capacity, Arena arena) {
    headers = arena.allocate((long) capacity * Abi.Mmsghdr.SIZE, 8);
    controls = arena.allocate((long) capacity * CONTROL, 8);
    pieces = arena.allocate((long) capacity * Abi.Iovec.SIZE, 8);
    messages = new int[capacity];
    for (int i = 0; i < capacity; i++) {
      Control.head(controls, (long) i * CONTROL, Abi.IPPROTO_UDP, Abi.UDP_SEGMENT, Short.BYTES);
    }
  }

  /**
   * Joins what lies one behind the other.
   *
   * @param plain the headers of the single messages
   * @param vectors their only vectors, which also lie one behind the other
   * @param names where they go, as the kernel takes it
   * @param targets where they go
   * @return how many there are of the joined ones, or 0 if there is nothing to join
   */
  int join(
      MemorySegment plain,
      MemorySegment vectors,
      MemorySegment names,
      @Nullable SocketAddress[] targets,
      int first,
      int count) {
    int joined = 0;
    int next = first;
    int end = first + count;
    while (next < end) {
      int size = run(plain, vectors, names, targets, next, end);
      write(joined, plain, vectors, next, size);
      messages[joined++] = size;
      next += size;
    }
    return joined == count ? 0 : joined;
  }

  /** How many messages from this one on go as one. */
  private static int run(
      MemorySegment plain,
      MemorySegment vectors,
      MemorySegment names,
      @Nullable SocketAddress[] targets,
      int first,
      int end) {
    long size = length(vectors, first);
    if (size == 0 || size > LARGEST || hasControl(plain, first)) {
      return 1;
    }
    long most = Math.min(end - first, Math.min(MOST, MOST_BYTES / size));
    int run = 1;
    while (run < most) {
      int index = first + run;
      long length = length(vectors, index);
      if (length == 0
          || length > size
          || hasControl(plain, index)
          || !isSameTarget(plain, names, targets, first, index)) {
        break;
      }
      run++;
      if (length < size) {
        break;
      }
    }
    return run;
  }

  /** Compares what the kernel sees, for to Java addresses are equal that differ in their zones. */
  private static boolean isSameTarget(
      MemorySegment plain,
      MemorySegment names,
      @Nullable SocketAddress[] targets,
      int first,
      int index) {
    if (targets[first] == targets[index]) {
      return true;
    }
    int length = nameLength(plain, first);
    long one = (long) first * Sockaddr.ROOM;
    long other = (long) index * Sockaddr.ROOM;
    return length == nameLength(plain, index)
        && MemorySegment.mismatch(names, one, one + length, names, other, other + length) == -1;
  }

  private static int nameLength(MemorySegment plain, int index) {
    return plain.get(ValueLayout.JAVA_INT, (long) index * Abi.Mmsghdr.SIZE + Abi.Msghdr.NAMELEN);
  }

  private static long length(MemorySegment vectors, int index) {
    return vectors.get(ValueLayout.JAVA_LONG, vector(index) + Abi.Iovec.LEN);
  }

  private static boolean hasControl(MemorySegment plain, int index) {
    return plain.get(ValueLayout.JAVA_LONG, (long) index * Abi.Mmsghdr.SIZE + Abi.Msghdr.CONTROLLEN)
        != 0;
  }

  private void write(int to, MemorySegment plain, MemorySegment vectors, int from, int count) {
    long header = (long) to * Abi.Mmsghdr.SIZE;
    MemorySegment.copy(plain, (long) from * Abi.Mmsghdr.SIZE, headers, header, Abi.Mmsghdr.SIZE);
    if (count > 1) {
      long control = (long) to * CONTROL;
      short size = (short) length(vectors, from);
      controls.set(ValueLayout.JAVA_SHORT, control + Abi.Cmsghdr.SIZE, size);
      headers.set(
          ValueLayout.JAVA_LONG,
          header + Abi.Msghdr.IOV,
          pieces.address() + (long) from * Abi.Iovec.SIZE);
      headers.set(ValueLayout.JAVA_LONG, header + Abi.Msghdr.IOVLEN, gather(vectors, from, count));
      headers.set(ValueLayout.JAVA_LONG, header + Abi.Msghdr.CONTROL, controls.address() + control);
      headers.set(ValueLayout.JAVA_LONG, header + Abi.Msghdr.CONTROLLEN, CONTROL);
    }
  }

  /**
   * Writes the pieces of memory that the payloads are, which is mostly one: the kernel takes a
   * large piece faster than many small ones. Returns how many.
   */
  private int gather(MemorySegment vectors, int from, int count) {
    int piece = from;
    long end = 0;
    for (int i = from; i < from + count; i++) {
      long start = vectors.get(ValueLayout.JAVA_LONG, vector(i) + Abi.Iovec.BASE);
      long length = length(vectors, i);
      if (i > from && start == end) {
        length += length(pieces, piece);
      } else {
        piece = i == from ? from : piece + 1;
        pieces.set(ValueLayout.JAVA_LONG, vector(piece) + Abi.Iovec.BASE, start);
      }
      pieces.set(ValueLayout.JAVA_LONG, vector(piece) + Abi.Iovec.LEN, length);
      end = start + length(vectors, i);
    }
    return piece - from + 1;
  }

  private static long vector(int index) {
    return (long) index * Abi.Iovec.SIZE;
  }

  /** Whether this may be said of a joined message for nothing but that it is joined. */
  static boolean isRefusal(int result) {
    return result == -Abi.EIO || result == -Abi.EINVAL || result == -Abi.EMSGSIZE;
  }

  long address() {
    return headers.address();
  }

  /** Whether the first is more than one message. */
  boolean isFirstJoined() {
    return messages[0] > 1;
  }

  /** How many messages so many joined ones are. */
  int messages(int joined) {
    int sum = 0;
    for (int i = 0; i < joined; i++) {
      sum += messages[i];
    }
    return sum;
  }
}
