package dev.ancilla.spi;

import java.io.IOException;
import java.io.InterruptedIOException;
import org.jspecify.annotations.Nullable;

/**
 * One call that may have to wait: its attempts, its waits, and what it holds meanwhile. Each
 * calling style is the same few lines over it: attempt, and while that would block, wait and
 * attempt again. Used by one caller at a time.
 *
 * @param <T> what the call ends with
 */
public interface Pending<T> extends AutoCloseable {
  /**
   * Makes an attempt. If attempts have to be made on the loop's thread, this hands it over and
   * waits for its turn.
   *
   * @return what the call ends with, or {@code null} if it would have to wait
   * @throws IOException what the call fails with
   */
  @Nullable T attempt() throws IOException;

  /**
   * Arms a one-shot wake for the next attempt.
   *
   * @param wake runs on the loop's thread
   * @return the armed wait
   */
  Wait arm(Runnable wake);

  /**
   * Waits on the calling thread until another attempt is worth making.
   *
   * @param deadline until when
   * @return {@code false} if the deadline passed first
   * @throws InterruptedIOException if the thread was interrupted
   */
  default boolean await(Deadline deadline) throws InterruptedIOException {
    return Parking.await(this::arm, deadline);
  }

  /** Ends the call, and lets go of what it held. Idempotent. */
  @Override
  void close();
}
