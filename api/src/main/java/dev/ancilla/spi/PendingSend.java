package dev.ancilla.spi;

import java.io.IOException;
import java.io.InterruptedIOException;

/**
 * One send that may have to wait: its attempts, its waits, the hold on its descriptors, and its
 * place in the count of queued sends. Used by one caller at a time.
 */
public interface PendingSend extends AutoCloseable {
  /**
   * Tries to send. If attempts have to be made on the loop's thread, this hands it over and waits
   * for its turn.
   *
   * @return {@code false} if the message would have to wait
   * @throws IOException as {@link dev.ancilla.DgramSocket#trySend(dev.ancilla.Message)}
   */
  boolean attempt() throws IOException;

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
  boolean await(Deadline deadline) throws InterruptedIOException;

  /** Ends the send: lets its descriptors go and counts it no longer. Idempotent. */
  @Override
  void close();
}
