package dev.ancilla.engine;

import dev.ancilla.Subscription;
import java.io.IOException;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What a pump takes from its socket, and whom it tells. Of the loop's thread.
 *
 * @param <T> what it takes
 */
interface Delivery<T extends AutoCloseable> {
  /** Attempts to take the next one; {@code null} would block. */
  @Nullable T take() throws IOException;

  /** Whether nothing can be taken after this one. */
  default boolean isEnd(T taken) {
    return false;
  }

  /** Hands over what was taken, and closes what the listener does not keep. */
  void give(T taken) throws Exception;

  default void begun(Subscription subscription) {}

  void failed(Throwable error);

  default void congested(@Nullable SocketAddress target) {}

  default void writable(@Nullable SocketAddress target) {}

  void closed();
}
