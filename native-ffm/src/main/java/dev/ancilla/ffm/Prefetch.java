package dev.ancilla.ffm;

import dev.ancilla.Datagram;
import org.jspecify.annotations.Nullable;

/**
 * The messages of one socket that were taken out of the kernel's queue and that nobody has received
 * yet: in order, and the socket's. Guarded by the socket's lock for receiving.
 */
final class Prefetch {
  /** How many descriptors may lie here; more could exhaust the process before anybody sees one. */
  private static final int MAX_DESCRIPTORS = 32;

  /** With the rest that belongs to a message, 64 of them stay below 256 KiB. */
  private static final int SLOT_BYTES = 2048;

  private static final int SINGLES = 16;

  private static final int PACKETS = 16;

  private final int fd;
  private final Beside beside;
  private final Overflow.Pool overflows;
  private final int most;
  private @Nullable ReceiveRing ring; // made with the first receive
  private int next; // in the ring
  private int from; // what was taken of that already, where the kernel joined several to one
  private int single; // how many times more one message is taken at a time
  private int joins; // how many times more messages are expected joined
  private volatile int left; // written under the lock; read by those who wait

  Prefetch(int fd, Beside beside, Overflow.Pool overflows) {
    this.fd = fd;
    this.beside = beside;
    this.overflows = overflows;
    this.most = Math.max(1, Math.min(beside.options().prefetch(), mostInBatch()));
  }

  /**
   * How many messages the next call should take. A call for many that brings one costs half as much
   * again as a call for one; so where messages come one at a time they are taken so, and only now
   * and then it is looked whether that is still true.
   */
  int most() {
    return single > 0 ? 1 : most;
  }

  /** How many packets there is room for. */
  int capacity() {
    return most;
  }

  /** How many messages one call takes into a batch of the caller's. */
  int mostInBatch() {
    int perMessage = beside.options().maxDescriptors() + (beside.options().pidfds() ? 1 : 0);
    return perMessage == 0 ? Integer.MAX_VALUE : Math.max(1, MAX_DESCRIPTORS / perMessage);
  }

  /** How many messages are here; to be read without the lock. */
  int left() {
    return left;
  }

  boolean isEmpty() {
    return left == 0;
  }

  /** Receives what is there; returns how many messages came, or the negative errno. */
  int fetch(int most) {
    ReceiveRing current = made();
    int came = current.fill(fd, most, overflows);
    next = 0;
    from = 0;
    left = came > 0 ? current.messages() : 0;
    came(current);
    if (current.hasLonger()) {
      single = SINGLES; // What does not fit into slots would lie on the heap, many times over.
    } else if (came == 1) {
      single = most == 1 ? single - 1 : SINGLES;
    }
    return came;
  }

  /** Notes whether messages come joined. */
  void came(ReceiveRing ring) {
    if (ring.messages() > ring.count()) {
      joins = PACKETS;
    } else if (joins > 0) {
      joins--;
    }
  }

  /**
   * Whether messages come joined: then a batch takes whole packets from the kernel, and where it is
   * seldom so a slot for each message is better.
   */
  boolean joined() {
    return joins > 0;
  }

  /** Takes over messages of a ring that its owner has no room for, from there on. */
  void keep(ReceiveRing other, int packet, int start) {
    ReceiveRing current = made();
    current.restart();
    for (int i = packet; i < other.count(); i++) {
      current.putRest(i - packet, other, i, i == packet ? start : 0);
    }
    next = 0;
    from = 0;
    left = current.messages();
  }

  Datagram take(int limit) {
    ReceiveRing current = filled();
    int index = next;
    int start = from;
    int size = advance(current);
    return current.take(index, start, size, limit);
  }

  /** Moves messages to another ring, as many as it has room for; returns how many. */
  int moveTo(ReceiveRing ring) {
    ReceiveRing current = filled();
    int moved = 0;
    while (left > 0 && moved < ring.capacity()) {
      int index = next;
      int start = from;
      int size = advance(current);
      ring.put(moved++, current, index, start, size);
    }
    return moved;
  }

  private ReceiveRing made() {
    ReceiveRing current = ring;
    if (current == null) {
      current = new ReceiveRing(most, SLOT_BYTES, beside);
      ring = current;
    }
    return current;
  }

  private ReceiveRing filled() {
    ReceiveRing current = ring;
    if (current == null) {
      throw new IllegalStateException("nothing was fetched");
    }
    return current;
  }

  /**
   * Goes on to the next message; returns the size of this one. First: whatever a stranger sent, it
   * cannot stay in front of the others.
   */
  private int advance(ReceiveRing current) {
    int size = current.sizeFrom(next, from);
    from += size;
    if (from >= current.size(next)) {
      next++;
      from = 0;
    }
    left--;
    return size;
  }

  /** Drops the messages that nobody received, and closes their descriptors. */
  void drop() {
    ReceiveRing current = ring;
    if (current != null) {
      for (; left > 0; advance(current)) {
        current.discard(next);
      }
    }
  }

  /** Drops the messages that nobody received, and gives the memory back. */
  void close() {
    drop();
    ReceiveRing current = ring;
    if (current != null) {
      current.close();
      ring = null;
    }
  }
}
