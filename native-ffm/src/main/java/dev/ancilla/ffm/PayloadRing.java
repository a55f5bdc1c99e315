package dev.ancilla.ffm;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;

/**
 * The payloads of a send batch, each right behind the one before, and from the start again where
 * the end is reached. Guarded by the lock of its batch.
 *
 * <p>There is always room: at the end less than a slot may be left unused, and of the messages but
 * one that the batch can have when another is added, none is longer than a slot.
 */
final class PayloadRing {
  private final ByteBuffer data;
  private final long address;
  private final int[] ends; // of each message
  private int head; // where the first message begins
  private int tail; // where the last one ends

  PayloadRing(int capacity, int slotBytes, Arena arena) {
    data = arena.allocate(Math.max(8, (capacity + 1L) * slotBytes), 64).asByteBuffer();
    address = SendCall.addressOf(data);
    ends = new int[capacity];
  }

  /** Copies a payload that is no longer than a slot; returns its address. */
  long add(int index, ByteBuffer payload, int from, int size) {
    if (tail >= head && data.capacity() - tail < size) {
      tail = 0;
    }
    int start = tail;
    data.put(start, payload, from, size);
    tail += size;
    ends[index] = tail;
    return address + start;
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
