package dev.ancilla.engine;

import dev.ancilla.Ancillary;
import dev.ancilla.OwnedFd;
import dev.ancilla.StreamRead;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * What was read from the kernel and not yet given to anybody: put back, or too little for an exact
 * read. Not safe for use by several threads.
 *
 * <p>The kernel does not tell which of the bytes of a read the descriptors were written with; here
 * they stay with its first one.
 */
final class HeldInput {
  private static final byte[] NOTHING = {};
  private static final int FIRST = 512;

  /** Descriptors, and the byte that they stay with, counted as {@code from} and {@code to} are. */
  private record Mark(int at, Ancillary ancillary) {}

  private final ArrayDeque<Mark> marks = new ArrayDeque<>(2);
  private byte[] bytes = NOTHING;
  private int from;
  private int to;

  boolean isEmpty() {
    return from == to;
  }

  /** How many bytes are here. */
  int size() {
    return to - from;
  }

  /** Room to read into behind what is here, at least one byte; {@link #came} says how much. */
  ByteBuffer room(int most) {
    if (to == bytes.length) {
      reserve(0, Math.min(most, Math.max(FIRST, size())));
    }
    return ByteBuffer.wrap(bytes, to, Math.min(most, bytes.length - to));
  }

  /** Keeps what was read into the room. */
  void came(StreamRead read) {
    if (read.ancillary() != Ancillary.none()) {
      marks.addLast(new Mark(to, read.ancillary()));
    }
    to += read.count();
  }

  /** Puts a copy of bytes before all others. */
  void putBack(ByteBuffer back, Ancillary ancillary) {
    int count = back.remaining();
    if (from < count) {
      reserve(count, 0);
    }
    from -= count;
    back.get(bytes, from, count);
    if (ancillary != Ancillary.none()) {
      marks.addFirst(new Mark(from, ancillary));
    }
  }

  /** Makes room before and behind what is here. */
  private void reserve(int before, int behind) {
    byte[] larger = new byte[before + size() + behind];
    System.arraycopy(bytes, from, larger, before, size());
    int moved = before - from;
    List<Mark> all = List.copyOf(marks);
    marks.clear();
    all.forEach(mark -> marks.add(new Mark(mark.at + moved, mark.ancillary)));
    bytes = larger;
    to += moved;
    from = before;
  }

  /** Gives what there is room for, but the descriptors of one write only: as the kernel does. */
  StreamRead read(List<ByteBuffer> targets) {
    int end = from + (int) Math.min(size(), room(targets));
    Ancillary ancillary = Ancillary.none();
    Mark first = marks.peek();
    if (first != null && first.at < end) {
      marks.remove();
      ancillary = first.ancillary;
      Mark second = marks.peek();
      end = second == null ? end : Math.min(end, second.at);
    }
    int count = end - from;
    int left = count;
    for (ByteBuffer target : targets) {
      left -= move(target, left);
    }
    return StreamRead.of(count, ancillary);
  }

  private static long room(List<ByteBuffer> targets) {
    long room = 0;
    for (ByteBuffer target : targets) {
      room += target.remaining();
    }
    return room;
  }

  private int move(ByteBuffer target, int most) {
    int count = Math.min(most, target.remaining());
    target.put(bytes, from, count);
    from += count;
    if (from == to) {
      from = 0;
      to = 0;
      bytes = NOTHING;
    }
    return count;
  }

  /** How many descriptors come with the first so many bytes. */
  int descriptors(int count) {
    int found = 0;
    for (Mark mark : marks) {
      if (mark.at < from + count) {
        found += mark.ancillary.descriptors().size();
      }
    }
    return found;
  }

  /** Whether descriptors that came with the first so many bytes were not kept. */
  boolean truncated(int count) {
    for (Mark mark : marks) {
      if (mark.at < from + count && mark.ancillary.truncated()) {
        return true;
      }
    }
    return false;
  }

  /** Fills a buffer, for which there are enough bytes here. */
  Ancillary fill(ByteBuffer target) {
    List<OwnedFd> descriptors = new ArrayList<>();
    boolean truncated = false;
    while (target.hasRemaining()) {
      Ancillary came = read(List.of(target)).ancillary();
      descriptors.addAll(came.takeAll());
      truncated |= came.truncated();
    }
    return Ancillary.received(descriptors, null, truncated);
  }

  /** Closes the descriptors that nobody got. */
  void clear() {
    marks.forEach(mark -> mark.ancillary.close());
    marks.clear();
    bytes = NOTHING;
    from = 0;
    to = 0;
  }
}
