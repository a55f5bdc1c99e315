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
 * Native memory for some messages, which {@code recvmmsg(2)} fills by a {@link MessageVector}. Not
 * safe for use by several threads: its owner's lock guards it, and is held while the kernel writes.
 *
 * <p>A slot is small. What is longer goes on in the loop's {@link Overflow}, and is copied out
 * before anybody else receives.
 */
final class ReceiveRing implements AutoCloseable {
  private final int capacity;
  private final int slotBytes;
  private final int controlBytes;
  private final int maxDescriptors;
  private final boolean joined;
  private final boolean ends;
  private final SenderCache senders = new SenderCache();
  private final Arena arena = Arena.ofShared();
  private final MemorySegment data;
  private final MessageVector vector;

  private final LongMessages longer;

  /** The bytes that were sent, kept here so that a batch is read without native memory. */
  private final int[] sizes;

  /** Of messages that the kernel joined to one: the size of each but the last, else 0. */
  private final int[] segments;

  private int count;
  private boolean hasLonger;

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
    data =
        (payloads == null ? arena : payloads)
            .allocate(Math.max(8, (long) capacity * slotBytes), 64);
    vector = new MessageVector(capacity, controlBytes, data, slotBytes, arena);
  }

  /** Whether messages of a socket that was asked for this fit in here. */
  boolean suits(Beside beside) {
    return beside.room() == controlBytes
        && beside.options().maxDescriptors() == maxDescriptors
        && beside.ends() == ends;
  }

  private long slot(int index) {
    return (long) index * slotBytes;
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
      int came = vector.receive(fd, most, overflow);
      if (came > 0) {
        came = ends ? untilEnd(came) : came;
        count = came;
        for (int i = 0; i < came; i++) {
          sizes[i] = vector.size(i);
          if (joined) {
            segments[i] =
                Control.segmentSize(
                    vector.controls(), vector.controlOffset(i), vector.controlLength(i));
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
    vector.restart();
    count = 0;
  }

  /** The kernel goes on telling of the end until the vector is full. */
  private int untilEnd(int came) {
    for (int i = 0; i < came; i++) {
      if (vector.size(i) == 0 && vector.controlLength(i) == 0) {
        return i;
      }
    }
    return came;
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
    return senders.decode(vector.names(), vector.nameOffset(index), vector.nameLength(index));
  }

  /** Takes what came beside a message; to be called once for each, or {@link #discard}. */
  Ancillary takeAncillary(int index) {
    boolean truncated = vector.isControlTruncated(index);
    long length = vector.controlLength(index);
    if (length == 0 && !truncated) {
      return Ancillary.none();
    }
    return Control.read(
        vector.controls(), vector.controlOffset(index), length, maxDescriptors, truncated);
  }

  /** Closes the descriptors of a message that nobody took. */
  void discard(int index) {
    forget(index);
    long length = vector.controlLength(index);
    if (length > 0) {
      Control.discard(vector.controls(), vector.controlOffset(index), length);
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
    vector.put(to, other.vector, index);
    sizes[to] = size;
    int here = other.here(index, from, size);
    if (here <= slotBytes || !putLonger(to, other, index, from, here)) {
      other.copy(index, from, data, slot(to), Math.min(here, slotBytes));
    }
    count = Math.max(count, to + 1);
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
