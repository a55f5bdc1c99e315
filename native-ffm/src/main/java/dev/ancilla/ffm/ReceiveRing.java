package dev.ancilla.ffm;

import dev.ancilla.Ancillary;
import dev.ancilla.Datagram;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
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
  private final boolean joined;
  private final boolean ends;
  private final SenderCache senders = new SenderCache();
  private final Arena arena = Arena.ofShared();
  private final MemorySegment errno = Libc.newErrno(arena);
  private final MemorySegment headers;
  private final MemorySegment vectors;
  private final MemorySegment names;
  private final MemorySegment controls;
  private final MemorySegment data;

  private final LongMessages longer;

  /** The bytes that were sent, kept here so that a batch is read without native memory. */
  private final int[] sizes;

  /** Of messages that the kernel joined to one: the size of each but the last, else 0. */
  private final int[] segments;

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
    this.joined = beside.joined();
    this.longer = new LongMessages(capacity);
    this.sizes = new int[capacity];
    this.segments = new int[joined ? capacity : 0];
    this.ends = beside.ends();
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
    return beside.room() == controlBytes
        && beside.options().maxDescriptors() == maxDescriptors
        && beside.ends() == ends;
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
   * @return how many messages came, 0 at the end of the connection, or the negative errno
   */
  int fill(int fd, int most, Overflow.Pool overflows) {
    restart();
    hasLonger = false;
    Overflow overflow = overflows.borrow(capacity);
    try {
      point(overflow);
      int came;
      do {
        came = most == 1 ? one(fd) : Libc.recvmmsg(errno, fd, headers.address(), most, FLAGS);
      } while (came == -Abi.EINTR);
      if (came > 0) {
        came = ends ? untilEnd(came) : came;
        count = came;
        for (int i = 0; i < came; i++) {
          sizes[i] = headers.get(ValueLayout.JAVA_INT, header(i) + Abi.Mmsghdr.LEN);
          if (joined) {
            segments[i] = Control.segmentSize(controls, control(i), controlLength(i));
          }
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

  /** Makes room for others: everything that was in here has been taken or discarded. */
  void restart() {
    for (int i = 0; i < count; i++) {
      offer(i);
    }
    count = 0;
  }

  /** The kernel goes on telling of the end until the vector is full. */
  private int untilEnd(int came) {
    for (int i = 0; i < came; i++) {
      if (headers.get(ValueLayout.JAVA_INT, header(i) + Abi.Mmsghdr.LEN) == 0
          && controlLength(i) == 0) {
        for (int j = i; j < came; j++) {
          offer(j);
        }
        return i;
      }
    }
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

  private void copyOut(int index, Overflow overflow) {
    int size = Math.min(size(index), slotBytes + Overflow.ROOM);
    byte[] whole;
    try {
      whole = longer.make(index, size, segment(index) > 0);
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
        size - slotBytes);
  }

  /** How many messages are here, which may be more than came where the kernel joined some. */
  int messages() {
    int messages = count;
    for (int i = 0; joined && i < count; i++) {
      int segment = segments[i];
      messages += segment == 0 ? 0 : (size(i) - 1) / segment;
    }
    return messages;
  }

  private int segment(int index) {
    return joined ? segments[index] : 0;
  }

  /** The size of the message that begins there in one of joined ones. */
  int sizeFrom(int index, int from) {
    int left = size(index) - from;
    int segment = segment(index);
    return segment == 0 ? left : Math.min(segment, left);
  }

  int capacity() {
    return capacity;
  }

  int count() {
    return count;
  }

  /** The bytes that were sent. */
  int size(int index) {
    return sizes[index];
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
    forget(index);
    long length = controlLength(index);
    if (length > 0) {
      Control.discard(controls, control(index), length);
    }
  }

  /** Forgets the copy of a long message. */
  void forget(int index) {
    longer.forget(index);
  }

  /** Whether the last call brought a message that is longer than a slot. */
  boolean hasLonger() {
    return hasLonger;
  }

  /** How many bytes of a message are here. */
  private int length(int index) {
    byte[] whole = longer.get(index);
    return Math.min(size(index), whole == null ? slotBytes : whole.length);
  }

  /** Whether the message that begins there has fewer bytes than were sent. */
  boolean isCut(int index, int from, int limit) {
    int size = sizeFrom(index, from);
    return size > Math.min(here(index, from, size), limit);
  }

  /**
   * Takes a message out, as one of its own; if that fails, the message is gone.
   *
   * @param from where it begins, in one of joined ones
   */
  Datagram take(int index, int from, int size, int limit) {
    byte[] payload;
    SocketAddress sender;
    boolean done = false;
    try {
      payload = bytes(index, from, Math.min(here(index, from, size), limit));
      sender = sender(index);
      done = true;
    } finally {
      if (done) {
        leave(index, from + size);
      } else {
        discard(index);
      }
    }
    return new Datagram(payload, sender, takeAncillary(index), size);
  }

  /**
   * Takes a message over from another ring, of a socket that was asked for the same.
   *
   * @param from where it begins, in one of joined ones
   */
  void put(int to, ReceiveRing other, int index, int from, int size) {
    long header = header(to);
    long its = header(index);
    int nameLength = other.headers.get(ValueLayout.JAVA_INT, its + Abi.Msghdr.NAMELEN);
    long controlLength = other.controlLength(index);
    sizes[to] = size;
    headers.set(ValueLayout.JAVA_INT, header + Abi.Msghdr.NAMELEN, nameLength);
    headers.set(ValueLayout.JAVA_LONG, header + Abi.Msghdr.CONTROLLEN, controlLength);
    headers.set(
        ValueLayout.JAVA_INT,
        header + Abi.Msghdr.FLAGS,
        other.headers.get(ValueLayout.JAVA_INT, its + Abi.Msghdr.FLAGS));
    MemorySegment.copy(other.names, name(index), names, name(to), nameLength);
    MemorySegment.copy(other.controls, other.control(index), controls, control(to), controlLength);
    int here = other.here(index, from, size);
    if (here <= slotBytes || !putLonger(to, other, index, from, here)) {
      other.copy(index, from, data, slot(to), Math.min(here, slotBytes));
    }
    count = Math.max(count, to + 1); // All that the next fill has to offer anew.
    other.leave(index, from + size);
  }

  /** Takes over what is left of a packet from there on, joined as it is. */
  void putRest(int to, ReceiveRing other, int index, int from) {
    put(to, other, index, from, other.size(index) - from);
    segments[to] = other.segment(index);
  }

  private boolean putLonger(int to, ReceiveRing other, int index, int from, int here) {
    try {
      longer.put(to, other.bytes(index, from, here));
      return true;
    } catch (OutOfMemoryError tooMuch) {
      return false;
    }
  }

  /** Called when a message has been taken that ends there. */
  private void leave(int index, int end) {
    if (end >= size(index)) {
      forget(index);
    }
  }

  /** How many bytes are here of a message that begins there. */
  private int here(int index, int from, int size) {
    return Math.max(0, Math.min(length(index) - from, size));
  }

  private void copy(int index, int from, MemorySegment to, long offset, int bytes) {
    byte[] whole = longer.get(index);
    if (whole == null) {
      MemorySegment.copy(data, slot(index) + from, to, offset, bytes);
    } else {
      MemorySegment.copy(whole, from, to, ValueLayout.JAVA_BYTE, offset, bytes);
    }
  }

  private byte[] bytes(int index, int from, int count) {
    byte[] whole = longer.get(index);
    if (whole == null) {
      byte[] bytes = new byte[count];
      MemorySegment.copy(data, ValueLayout.JAVA_BYTE, slot(index) + from, bytes, 0, count);
      return bytes;
    }
    return LongMessages.part(whole, from, count);
  }

  /** A view of a slot from there on, whose limit is set to its message by {@link #show}. */
  ByteBuffer view(int index, int from) {
    return data.asSlice(slot(index) + from, slotBytes - from).asByteBuffer().asReadOnlyBuffer();
  }

  /**
   * Returns the bytes of a message: the view, or what did not fit into it.
   *
   * @param from where it begins, in one of joined ones
   */
  ByteBuffer show(int index, int from, ByteBuffer view, int limit) {
    int size = Math.min(sizeFrom(index, from), limit);
    byte[] whole = longer.get(index);
    if (whole != null) {
      return ByteBuffer.wrap(whole, from, Math.min(whole.length - from, size))
          .slice()
          .asReadOnlyBuffer();
    }
    return view.clear().limit(Math.min(slotBytes - from, size));
  }

  /** Gives the memory back; the messages have been taken or discarded. */
  @Override
  public void close() {
    Memory.close(arena);
  }
}
