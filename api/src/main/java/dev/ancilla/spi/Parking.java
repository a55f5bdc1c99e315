package dev.ancilla.spi;

import java.io.InterruptedIOException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/**
 * The wait of a thread, platform or virtual: arm, then park. A parked virtual thread is not pinned.
 */
final class Parking implements Runnable {
  private final Thread waiter = Thread.currentThread();
  private volatile boolean fired;

  private Parking() {}

  static boolean await(Function<Runnable, Wait> arm, Deadline deadline)
      throws InterruptedIOException {
    Parking parking = new Parking();
    Wait wait = arm.apply(parking);
    while (!parking.fired) {
      if (Thread.currentThread().isInterrupted()) {
        wait.cancel();
        throw new InterruptedIOException("interrupted while waiting");
      }
      long left = deadline.remainingNanos();
      if (left <= 0) {
        wait.cancel();
        return false;
      }
      if (deadline.isNever()) {
        LockSupport.park(parking);
      } else {
        LockSupport.parkNanos(parking, left);
      }
    }
    return true;
  }

  @Override
  public void run() {
    fired = true;
    LockSupport.unpark(waiter);
  }
}
