package dev.ancilla.ffm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The headers that {@code recvmmsg(2)} takes, with room for names and what rides beside. The first
 * bytes of a message go to its slot, and what is longer goes on in the loop's {@link Overflow}.
 * Guarded as its ring is.
 */
final class MessageVector {
  private static final int FLAGS = Abi.MSG_DONTWAIT | Abi.MSG_CMSG_CLOEXEC | Abi.MSG_TRUNC;

  private final int capacity;
  private final int controlBytes;
  private final MemorySegment errno;
  private final MemorySegment headers;
  private final MemorySegment vectors;
  private final MemorySegment names;
  private final MemorySegment controls;
  private int used; // how many the kernel wrote over
  private long overflowBase; // what the second vectors point at

  /**
   * Makes a vector.
   *
   * @param controlBytes the room for what rides beside each message
   * @param slots where the slots are, one behind the other
   */
  MessageVector(int capacity, int controlBytes, MemorySegment slots, int slotBytes, Arena arena) {
    this.capacity = capacity;
    this.controlBytes = controlBytes;
    errno = Libc.newErrno(arena);
    headers = arena.allocate((long) capacity * Abi.Mmsghdr.SIZE, 8);
    vectors = arena.allocate((long) capacity * 2 * Abi.Iovec.SIZE, 8);
    names = arena.allocate((long) capacity * Sockaddr.ROOM, 8);
    controls = arena.allocate(Math.max(8, (long) capacity * controlBytes), 8);
    for (int i = 0; i < capacity; i++) {
      long header = header(i);
      headers.set(ValueLayout.JAVA_LONG, header + Abi.Msghdr.NAME, names.address() + name(i));
      headers.set(ValueLayout.JAVA_LONG, header + Abi.Msghdr.IOV, vectors.address() + vector(i));
      headers.set(ValueLayout.JAVA_LONG, header + Abi.Msghdr.IOVLEN, 2);
      if (controlBytes > 0) {
        headers.set(
            ValueLayout.JAVA_LONG, header + Abi.Msghdr.CONTROL, controls.address() + control(i));
      }
      offer(i);
      long first = vector(i);
      long slot = slots.address() + (long) i * slotBytes;
      vectors.set(ValueLayout.JAVA_LONG, first + Abi.Iovec.BASE, slot);
      vectors.set(ValueLayout.JAVA_LONG, first + Abi.Iovec.LEN, slotBytes);
      vectors.set(
          ValueLayout.JAVA_LONG, first + Abi.Iovec.SIZE + Abi.Iovec.LEN, (long) Overflow.ROOM);
    }
  }

  private static long header(int index) {
    return (long) index * Abi.Mmsghdr.SIZE;
  }

  private static long vector(int index) {
    return (long) index * 2 * Abi.Iovec.SIZE;
  }

  private static long name(int index) {
    return (long) index * Sockaddr.ROOM;
  }

  private long control(int index) {
    return (long) index * controlBytes;
  }

  /**
   * Says how much room there is for name and control, which the kernel overwrites with what came.
   */
  private void offer(int index) {
    long header = header(index);
    headers.set(ValueLayout.JAVA_INT, header + Abi.Msghdr.NAMELEN, Sockaddr.ROOM);
    headers.set(ValueLayout.JAVA_LONG, header + Abi.Msghdr.CONTROLLEN, controlBytes);
  }

  /** Offers all room again: everything that was in here has been taken or discarded. */
  void restart() {
    for (int i = 0; i < used; i++) {
      offer(i);
    }
    used = 0;
  }

  private void point(Overflow overflow) {
    if (overflow.address(0) != overflowBase) {
      overflowBase = overflow.address(0);
      for (int i = 0; i < capacity; i++) {
        vectors.set(
            ValueLayout.JAVA_LONG,
            vector(i) + Abi.Iovec.SIZE + Abi.Iovec.BASE,
            overflow.address(i));
      }
    }
  }

  /**
   * Receives what is there, after a {@link #restart}.
   *
   * @return how many messages came, or the negative errno
   */
  int receive(int fd, int most, Overflow overflow) {
    point(overflow);
    int came;
    do {
      came = most == 1 ? one(fd) : Libc.recvmmsg(errno, fd, headers.address(), most, FLAGS);
    } while (came == -Abi.EINTR);
    used = Math.max(used, came);
    return came;
  }

  /** One message by the call for one, whose header is the start of the other's. */
  private int one(int fd) {
    int size = Libc.recvmsg(errno, fd, headers.address(), FLAGS);
    if (size < 0) {
      return size;
    }
    headers.set(ValueLayout.JAVA_INT, Abi.Mmsghdr.LEN, size);
    return 1;
  }

  /** The bytes that the call brought of a message, or would have. */
  int size(int index) {
    return headers.get(ValueLayout.JAVA_INT, header(index) + Abi.Mmsghdr.LEN);
  }

  boolean isControlTruncated(int index) {
    int flags = headers.get(ValueLayout.JAVA_INT, header(index) + Abi.Msghdr.FLAGS);
    return (flags & Abi.MSG_CTRUNC) != 0;
  }

  MemorySegment names() {
    return names;
  }

  /** Where in {@link #names} a sender's is. */
  long nameOffset(int index) {
    return name(index);
  }

  int nameLength(int index) {
    return headers.get(ValueLayout.JAVA_INT, header(index) + Abi.Msghdr.NAMELEN);
  }

  MemorySegment controls() {
    return controls;
  }

  /** Where in {@link #controls} that of a message is. */
  long controlOffset(int index) {
    return control(index);
  }

  long controlLength(int index) {
    return controlBytes == 0
        ? 0
        : headers.get(ValueLayout.JAVA_LONG, header(index) + Abi.Msghdr.CONTROLLEN);
  }

  /** Takes the name over from another vector, and what came beside the message. */
  void put(int to, MessageVector other, int index) {
    int nameLength = other.nameLength(index);
    long controlLength = other.controlLength(index);
    long header = header(to);
    headers.set(ValueLayout.JAVA_INT, header + Abi.Msghdr.NAMELEN, nameLength);
    headers.set(ValueLayout.JAVA_LONG, header + Abi.Msghdr.CONTROLLEN, controlLength);
    headers.set(
        ValueLayout.JAVA_INT,
        header + Abi.Msghdr.FLAGS,
        other.headers.get(ValueLayout.JAVA_INT, header(index) + Abi.Msghdr.FLAGS));
    MemorySegment.copy(other.names, name(index), names, name(to), nameLength);
    MemorySegment.copy(other.controls, other.control(index), controls, control(to), controlLength);
    used = Math.max(used, to + 1);
  }
}
