import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Headers of messages, with room for what a library has to ask for: the sender, and descriptors.
 */
final class Messages {
  private static final int HEADER = 64; // struct mmsghdr
  private static final int SIZE = 56; // its msg_len
  private static final int NAME = 112;
  private static final int CONTROL = 256;

  final int count;
  private final int room;
  private final MemorySegment headers;
  private final MemorySegment payloads;
  private final MemorySegment names;

  Messages(int count, int room) {
    this.count = count;
    this.room = room;
    headers = Kernel.MEMORY.allocate((long) count * HEADER, 64);
    payloads = Kernel.MEMORY.allocate((long) count * room, 64);
    names = Kernel.MEMORY.allocate((long) count * (NAME + CONTROL), 8);
    MemorySegment parts = Kernel.MEMORY.allocate(16L * count, 8);
    for (int i = 0; i < count; i++) {
      parts.set(ValueLayout.JAVA_LONG, 16L * i, payload(i));
      parts.set(ValueLayout.JAVA_LONG, 16L * i + 8, room);
      headers.set(ValueLayout.JAVA_LONG, (long) i * HEADER + 16, parts.address() + 16L * i);
      headers.set(ValueLayout.JAVA_LONG, (long) i * HEADER + 24, 1);
    }
  }

  /** Offers the room beside the payloads; the kernel wrote over how much there is. */
  void offer(int most) {
    for (int i = 0; i < most; i++) {
      long at = (long) i * HEADER;
      long name = names.address() + (long) i * (NAME + CONTROL);
      headers.set(ValueLayout.JAVA_LONG, at, name);
      headers.set(ValueLayout.JAVA_INT, at + 8, NAME);
      headers.set(ValueLayout.JAVA_LONG, at + 32, name + NAME);
      headers.set(ValueLayout.JAVA_LONG, at + 40, CONTROL);
    }
  }

  long header(int index) {
    return headers.address() + (long) index * HEADER;
  }

  long payload(int index) {
    return payloads.address() + (long) index * room;
  }

  int sizeOf(int index) {
    return headers.get(ValueLayout.JAVA_INT, (long) index * HEADER + SIZE);
  }

  boolean hasSender(int index) {
    return headers.get(ValueLayout.JAVA_INT, (long) index * HEADER + 8) > 2;
  }

  byte first(int index) {
    return payloads.get(ValueLayout.JAVA_BYTE, (long) index * room);
  }

  /** The number that stands in the last message of a round. */
  long number(int index) {
    return payloads.get(Bare.NUMBER, (long) index * room + 1);
  }

  void fill(int index, byte first) {
    payloads.asSlice((long) index * room, room).fill((byte) 'x');
    payloads.set(ValueLayout.JAVA_BYTE, (long) index * room, first);
  }

  void number(int index, long number) {
    payloads.set(Bare.NUMBER, (long) index * room + 1, number);
  }
}
