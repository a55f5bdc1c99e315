package dev.ancilla.ffm;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The messages of a ring that are longer than its slots. Guarded as the ring is. */
final class LongMessages {
  /** Joined messages are together no longer than a datagram can be. */
  private static final int MOST_JOINED = 1 << 16;

  private final int capacity;
  private byte @Nullable [] @Nullable [] arrays; // made once a message is longer

  /** Where the first message of a call goes if it is of joined ones; kept, for more follow. */
  private byte @Nullable [] kept;

  LongMessages(int capacity) {
    this.capacity = capacity;
  }

  byte @Nullable [] get(int index) {
    return arrays == null ? null : arrays[index];
  }

  /** Makes room for a message, and returns it: at least so many bytes. */
  byte[] make(int index, int size, boolean joined) {
    if (index > 0 || size > MOST_JOINED || !joined) {
      return put(index, new byte[size]);
    }
    byte[] room = kept;
    if (room == null) {
      room = new byte[MOST_JOINED];
      kept = room;
    }
    return put(index, room);
  }

  byte[] put(int index, byte[] message) {
    if (arrays == null) {
      arrays = new byte[capacity][];
    }
    arrays[index] = message;
    return message;
  }

  void forget(int index) {
    if (arrays != null) {
      arrays[index] = null;
    }
  }

  /** Returns a part of a message; the whole of one that is forgotten then is not copied. */
  static byte[] part(byte[] whole, int from, int size) {
    return whole.length == size ? whole : Arrays.copyOfRange(whole, from, from + size);
  }
}
