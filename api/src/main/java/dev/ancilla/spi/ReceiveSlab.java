package dev.ancilla.spi;

import dev.ancilla.Ancillary;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A provider's memory behind a {@link dev.ancilla.ReceiveBatch}. The batch has checked every index.
 * Not safe for use by several threads, but for {@link #close()}, which may come at any moment and
 * waits for a call of the kernel that is filling the slab.
 */
public interface ReceiveSlab extends AutoCloseable {
  /**
   * Returns how many messages it holds.
   *
   * @return the number of messages
   */
  int count();

  /**
   * Returns a message's bytes.
   *
   * @param index which message
   * @return a read-only view, valid until the slab is filled anew or closed
   */
  ByteBuffer payload(int index);

  /**
   * Returns how many bytes were sent.
   *
   * @param index which message
   * @return the size, more than the payload has if it was cut
   */
  int size(int index);

  /**
   * Tells whether a message was cut.
   *
   * @param index which message
   * @return whether more bytes were sent than the payload has
   */
  boolean truncated(int index);

  /**
   * Returns who sent a message.
   *
   * @param index which message
   * @return the address, or {@code null} if the sender has none
   */
  @Nullable SocketAddress sender(int index);

  /**
   * Returns what rode beside a message.
   *
   * @param index which message
   * @return the ancillary data, the same at each call
   */
  Ancillary ancillary(int index);

  /** Empties the slab, and closes the descriptors that nobody took. */
  void clear();

  /** Clears the slab and gives its memory back. Idempotent. */
  @Override
  void close();
}
