package dev.ancilla.ffm;

import dev.ancilla.Ancillary;
import java.lang.foreign.Arena;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The messages of a batch that came joined ({@code UDP_GRO}, {@code udp(7)}): they stay in the
 * packets that the kernel wrote, and this knows where each begins. Guarded as the slab is.
 */
final class JoinedMessages implements AutoCloseable {
  /** As long as a datagram can be, joined or not. */
  private static final int PACKET = 1 << 16;

  /** What mostly comes as one (UDP_GRO_CNT_MAX of net/ipv4/udp_offload.c). */
  private static final int MESSAGES = 64;

  private final ReceiveRing ring;
  private final int[] packets;
  private final int[] starts;
  private final @Nullable ByteBuffer[] views;
  private final int[] viewed; // where each view begins
  private final @Nullable SocketAddress[] senders; // of each packet

  JoinedMessages(int messages, Beside beside) {
    ring = new ReceiveRing(Math.max(1, messages / MESSAGES), PACKET, beside, Arena.ofAuto());
    senders = new SocketAddress[ring.capacity()];
    packets = new int[messages];
    starts = new int[messages];
    views = new ByteBuffer[messages];
    viewed = new int[messages];
  }

  ReceiveRing ring() {
    return ring;
  }

  /**
   * Finds the messages in what came; what there is no room for goes to the others that were taken
   * ahead.
   *
   * @return how many messages are here
   */
  int spread(Prefetch others) {
    int count = 0;
    for (int packet = 0; packet < ring.count(); packet++) {
      senders[packet] = ring.sender(packet); // Here, where it is one look for many messages.
      int from = 0;
      do {
        if (count == packets.length) {
          others.keep(ring, packet, from);
          return count;
        }
        packets[count] = packet;
        starts[count++] = from;
        from += ring.sizeFrom(packet, from);
      } while (from < ring.size(packet));
    }
    return count;
  }

  ByteBuffer payload(int index, int limit) {
    int packet = packets[index];
    int start = starts[index];
    int at = packet * PACKET + start;
    ByteBuffer view = views[index];
    if (view == null || viewed[index] != at) {
      view = ring.view(packet, start);
      views[index] = view;
      viewed[index] = at;
    }
    return ring.show(packet, start, view, limit);
  }

  int size(int index) {
    return ring.sizeFrom(packets[index], starts[index]);
  }

  boolean isCut(int index, int limit) {
    return ring.isCut(packets[index], starts[index], limit);
  }

  @Nullable SocketAddress sender(int index) {
    return senders[packets[index]];
  }

  Ancillary ancillary(int index) {
    return ring.takeAncillary(packets[index]);
  }

  @Override
  public void close() {
    ring.close();
  }
}
