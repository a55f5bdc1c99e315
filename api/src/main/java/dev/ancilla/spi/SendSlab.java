package dev.ancilla.spi;

import dev.ancilla.Feature;
import dev.ancilla.PacketInfo;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A provider's memory behind a {@link dev.ancilla.SendBatch}: messages in the order in which they
 * will be sent. Not safe for use by several threads, but for {@link #close()}, which may come at
 * any moment and waits for a call of the kernel that is reading the slab.
 */
public interface SendSlab extends AutoCloseable {
  /**
   * Returns how many messages are left to send.
   *
   * @return the number of messages
   */
  int count();

  /**
   * Appends a message; the caller has checked that it fits.
   *
   * @param payload the bytes, which are copied; the buffer's position does not change
   * @param target where to, or {@code null} for the connected peer
   * @param descriptors what rides beside it, held open by the caller until the message has gone
   */
  void add(ByteBuffer payload, @Nullable SocketAddress target, List<FdHandle> descriptors);

  /**
   * Appends messages of one size that lie one behind the other; the caller has checked that they
   * fit.
   *
   * @param payloads the bytes, which are copied; the buffer's position does not change
   * @param size the bytes of each, but for the last, which may have fewer
   * @param messages how many there are
   * @param target where to, or {@code null} for the connected peer
   */
  default void add(ByteBuffer payloads, int size, int messages, @Nullable SocketAddress target) {
    ByteBuffer next = payloads.duplicate();
    for (int i = 0; i < messages; i++) {
      next.limit(next.position() + Math.min(size, payloads.limit() - next.position()));
      add(next, target, List.of());
      next.position(next.limit());
    }
  }

  /**
   * Appends a message with a source, with {@link Feature#PACKET_INFO}; the caller has checked that
   * it fits.
   *
   * @param payload the bytes, which are copied; the buffer's position does not change
   * @param target where to, or {@code null} for the connected peer
   * @param source where from; its address and its interface, each if it is there
   */
  default void add(ByteBuffer payload, @Nullable SocketAddress target, PacketInfo source) {
    throw new UnsupportedOperationException("a slab without sources: " + source);
  }

  /**
   * Returns the target of the first message that is left.
   *
   * @return where to, or {@code null} for the connected peer
   */
  @Nullable SocketAddress firstTarget();

  /** Drops the first message that is left. */
  void removeFirst();

  /** Drops all messages. */
  void clear();

  /** Drops all messages and gives the memory back. Idempotent. */
  @Override
  void close();
}
