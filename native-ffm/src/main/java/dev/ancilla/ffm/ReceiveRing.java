package dev.ancilla.ffm;

import dev.ancilla.Ancillary;
import dev.ancilla.Datagram;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Native memory for some messages, which {@code recvmmsg(2)} fills. Not safe for use by several
 * threads: its owner's lock guards it, and is held while the kernel writes.
 *
 * <p>A slot is small. What is longer goes on in the loop's {@link Overflow}, and is copied out
 * before anybody else receives.
 */
final class ReceiveRing implements AutoCloseable {
  private static final int FLAGS = Abi.MSG_DONTWAIT | Abi.MSG_CMSG_CLOEXEC | Abi.MSG_TRUNC;

  private final int capacity;
  private final int slotBytes;
  private final int controlBytes;
  private final int maxDescriptors;
  private final SenderCache senders = new SenderCache();
  private final Arena arena = Arena.ofShared();
  private final MemorySegment errno = Libc.newErrno(arena);
  private final MemorySegment headers;
  private final MemorySegment vectors;
  private final MemorySegment names;
  private final MemorySegment controls;
  private final MemorySegment data;

  /** Of messages that are longer than a slot; made once one is. */
  private byte @Nullable [][] longer;

  private int count;
  private boolean hasLonger;
  private long overflowBase; // what the second vectors point at

  /** A ring whose payloads are read by its owner only, under the owner's lock. */
  ReceiveRing(int capacity, int slotBytes, Beside beside) {
    this(capacity, slotBytes, beside, null);
  }

  /**
   * Makes a ring.
   *
   * @param payloads where payloads are taken from, or {@code null} to take them from memory that is
   *     given back by {@link #close()}
   */
  ReceiveRing(int capacity, int slotBytes, Beside beside, @Nullable Arena payloads) {
    this.capacity = capacity;
    this.slotBytes = slotBytes;
    this.controlBytes = beside.room();
    this.maxDescriptors = beside.options().maxDescriptors();
    headers = arena.allocate((long) capacity * Abi.Mmsghdr.SIZE, 8);
    vectors = arena.allocate((long) capacity * 2 * Abi.Iovec.SIZE, 8);
    names = arena.allocate((long) capacity * Sockaddr.ROOM, 8);
    controls = arena.allocate(Math.max(8, (long) capacity * controlBytes), 8);
    data =
        (payloads == null ? arena : payloads)
            .allocate(Math.max(8, (long) capacity * slotBytes), 64);
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
      vectors.set(ValueLayout.JAVA_LONG, first + Abi.Iovec.BASE, data.address() + slot(i));
      vectors.set(ValueLayout.JAVA_LONG, first + Abi.Iovec.LEN, slotBytes);
      vectors.set(
          ValueLayout.JAVA_LONG, first + Abi.Iovec.SIZE + Abi.Iovec.LEN, (long) Overflow.ROOM);
    }
  }

  /** Whether messages of a socket that was asked for this fit in here. */
  boolean suits(Beside beside) {
    return beside.room() == controlBytes && beside.options().maxDescriptors() == maxDescriptors;
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

  private long slot(int index) {
    return (long) index * slotBytes;
  }

  /**
   * Says how much room there is for name and control, which the kernel overwrites with what came.
   */
  private void offer(int index) {
    long header = header(index);
    headers.set(ValueLayout.JAVA_INT, header + Abi.Msghdr.NAMELEN, Sockaddr.ROOM);
    headers.set(ValueLayout.JAVA_LONG, header + Abi.Msghdr.CONTROLLEN, controlBytes);
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
   * Receives what is there; everything that was in here has been taken or discarded.
   *
   * @return how many messages came, or the negative errno
   */
  int fill(int fd, int most, Overflow.Pool overflows) {
    for (int i = 0; i < count; i++) {
      offer(i);
    }
    count = 0;
    hasLonger = false;
    Overflow overflow = overflows.borrow(capacity);
    try {
      point(overflow);
      int came;
      do {
        came = most == 1 ? one(fd) : Libc.recvmmsg(errno, fd, headers.address(), most, FLAGS);
      } while (came == -Abi.EINTR);
      if (came > 0) {
        count = came;
        for (int i = 0; i < came; i++) {
          if (size(i) > slotBytes) {
            hasLonger = true;
            copyOut(i, overflow);
          }
        }
      }
      return came;
    } finally {
      overflows.giveBack(overflow);
    }
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

  private void copyOut(int index, Overflow overflow) {
    byte[] whole;
    try {
      if (longer == null) {
        longer = new byte[capacity][];
      }
      whole = new byte[Math.min(size(index), slotBytes + Overflow.ROOM)];
    } catch (OutOfMemoryError tooMuch) {
      return; // The message stays as its slot has it, and says that it is cut.
    }
    MemorySegment.copy(data, ValueLayout.JAVA_BYTE, slot(index), whole, 0, slotBytes);
    MemorySegment.copy(
        overflow.memory(),
        ValueLayout.JAVA_BYTE,
        (long) index * Overflow.ROOM,
        whole,
        slotBytes,
        whole.length - slotBytes);
    longer[index] = whole;
  }

  int capacity() {
    return capacity;
  }

  int count() {
    return count;
  }

  /** The bytes that were sent. */
  int size(int index) {
    return headers.get(ValueLayout.JAVA_INT, header(index) + Abi.Mmsghdr.LEN);
  }

  @Nullable SocketAddress sender(int index) {
    int length = headers.get(ValueLayout.JAVA_INT, header(index) + Abi.Msghdr.NAMELEN);
    return senders.decode(names, name(index), length);
  }

  /** Takes what came beside a message; to be called once for each, or {@link #discard}. */
  Ancillary takeAncillary(int index) {
    int flags = headers.get(ValueLayout.JAVA_INT, header(index) + Abi.Msghdr.FLAGS);
    boolean truncated = (flags & Abi.MSG_CTRUNC) != 0;
    long length = controlLength(index);
    if (length == 0 && !truncated) {
      return Ancillary.none();
    }
    return Control.read(controls, control(index), length, maxDescriptors, truncated);
  }

  private long controlLength(int index) {
    return controlBytes == 0
        ? 0
        : headers.get(ValueLayout.JAVA_LONG, header(index) + Abi.Msghdr.CONTROLLEN);
  }

  /** Closes the descriptors of a message that nobody took. */
  void discard(int index) {
    long length = controlLength(index);
    if (length > 0) {
      Control.discard(controls, control(index), length);
    }
  }

  /** Forgets the copy of a long message. */
  void forget(int index) {
    if (longer != null) {
      longer[index] = null;
    }
  }

  private byte @Nullable [] longer(int index) {
    return longer == null ? null : longer[index];
  }

  /** Whether the last call brought a message that is longer than a slot. */
  boolean hasLonger() {
    return hasLonger;
  }

  /** How many bytes of a message are here. */
  private int length(int index) {
    byte[] whole = longer(index);
    return whole == null ? Math.min(size(index), slotBytes) : whole.length;
  }

  boolean isCut(int index, int limit) {
    return size(index) > Math.min(length(index), limit);
  }

  /** Takes a message out, as one of its own; if that fails, the message is gone. */
  Datagram take(int index, int limit) {
    byte[] payload;
    SocketAddress sender;
    boolean done = false;
    try {
      int kept = Math.min(length(index), limit);
      byte[] whole = longer(index);
      if (whole == null) {
        payload = new byte[kept];
        MemorySegment.copy(data, ValueLayout.JAVA_BYTE, slot(index), payload, 0, kept);
      } else {
        payload = whole.length == kept ? whole : Arrays.copyOf(whole, kept);
      }
      sender = sender(index);
      done = true;
    } finally {
      forget(index);
      if (!done) {
        discard(index);
      }
    }
    return new Datagram(payload, sender, takeAncillary(index), size(index));
  }

  /** A view of a slot, whose limit is set to its message by {@link #show}. */
  ByteBuffer view(int index) {
    return data.asSlice(slot(index), slotBytes).asByteBuffer().asReadOnlyBuffer();
  }

  /** Returns the bytes of a message: the view, or what did not fit into it. */
  ByteBuffer show(int index, ByteBuffer view, int limit) {
    byte[] whole = longer(index);
    if (whole != null) {
      return ByteBuffer.wrap(whole, 0, Math.min(whole.length, limit)).asReadOnlyBuffer();
    }
    return view.clear().limit(Math.min(length(index), limit));
  }

  /** Gives the memory back; the messages have been taken or discarded. */
  @Override
  public void close() {
    Memory.close(arena);
  }
}
