package dev.ancilla.ffm;

import dev.ancilla.spi.Deadline;
import dev.ancilla.spi.Pollers;
import java.io.InterruptedIOException;

/**
 * On a loop that spins, the blocking calls of its sockets do too: until the time has passed, the
 * next attempt is always worth making. For one direction of a socket; several threads share it.
 */
final class Spin {
  private volatile long until; // 0 while nobody spins

  /**
   * Whether to make another attempt at once.
   *
   * @param nanos for how long, 0 for not at all
   * @param deadline of the call: what others receive meanwhile must not keep it from ending
   */
  boolean goesOn(long nanos, Deadline deadline) throws InterruptedIOException {
    if (nanos == 0) {
      return false;
    }
    Pollers.checkInterrupt();
    if (deadline.remainingNanos() <= 0) {
      return false;
    }
    long now = System.nanoTime();
    long end = until;
    if (end == 0) {
      until = now + nanos;
      return true;
    }
    if (now - end < 0) {
      Thread.onSpinWait();
      return true;
    }
    until = 0;
    return false;
  }

  /** What was waited for has come: who waits next spins anew. */
  void end() {
    until = 0;
  }
}
