package dev.ancilla;

/**
 * A listener's hold on its socket. Members may be called from any thread.
 *
 * <p>While paused, messages, bytes and connections stay in the kernel: a Unix sender then waits, a
 * UDP message may be lost.
 */
public interface Subscription extends AutoCloseable {
  /** Stops delivery until {@link #resume()}. A callback that is running ends first. Idempotent. */
  void pause();

  /** Goes on with delivery. Idempotent. */
  void resume();

  /** Ends delivery; the socket stays open. Idempotent. */
  @Override
  void close();
}
