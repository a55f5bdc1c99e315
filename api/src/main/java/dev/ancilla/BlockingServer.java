package dev.ancilla;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The calls of a server that wait on the calling thread.
 *
 * <p>Threads, interrupts, deadlines and closing are as {@link BlockingDgram} describes.
 *
 * @param <S> what the server accepts
 */
public interface BlockingServer<S extends UnixConnection> {
  /**
   * Accepts the next connection, waiting until somebody connects.
   *
   * @return its socket, owned by the caller
   * @throws IOException as {@link Server#tryAccept()}, or as this view describes
   */
  default S accept() throws IOException {
    return accept(null);
  }

  /**
   * Accepts the next connection, waiting until somebody connects or the time has passed.
   *
   * @param timeout how long to wait, or {@code null} for ever
   * @return its socket, owned by the caller
   * @throws IOException as {@link Server#tryAccept()}, or as this view describes
   */
  S accept(@Nullable Duration timeout) throws IOException;
}
