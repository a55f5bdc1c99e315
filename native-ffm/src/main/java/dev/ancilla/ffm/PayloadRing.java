package dev.ancilla.ffm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * The payloads of a send batch, each right behind the one before, and from the start again where
 * the end is reached. Guarded by the lock of its batch.
 *
 * <p>There is always room: at the end less than a slot may be left unused, and of the messages but
 * one that the batch can have when another is added, none is longer than a slot.
 */
final class PayloadRing {
  private final MemorySegment data;
  private final long[] ends; // of each message
  private long head; // where the first message begins
  private long tail; // where the last one ends

  PayloadRing(int capacity, int slotBytes, Arena arena) {
    data = arena.allocate(Math.max(8, (capacity + 1L) * slotBytes), 64);
    ends = new long[capacity];
  }

  /** Copies a payload that is no longer than a slot; returns its address. */
  long add(ByteBuffer payload, int index) {
    int size = payload.remaining();
    if (tail >= head && data.byteSize() - tail < size) {
      tail = 0;
    }
    long start = tail;
    SendCall.copy(payload, data, start);
    tail += size;
    ends[index] = tail;
    return data.address() + start;
  }

  /** Notes a message whose payload is elsewhere. */
  void addNothing(int index) {
    ends[index] = tail;
  }

  /** Makes room: everything up to this message has left the batch. */
  void drop(int index) {
    head = ends[index];
  }

  /** Makes all room: no message is left. */
  void clear() {
    head = 0;
    tail = 0;
  }
}
