package dev.ancilla.ffm;

import dev.ancilla.spi.Deadline;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The platform threads that wait for one socket, each with a {@link Poller} of its own. */
final class Pollers {
  /** How many are kept for the next waits. */
  private static final int KEPT = 4;

  private final ArrayDeque<Poller> idle = new ArrayDeque<>(); // guarded by this
  private final List<Poller> active = new ArrayList<>(); // guarded by this
  private volatile int waiting; // the size of active, to be read without the lock
  private boolean closed; // guarded by this

  /** Another way to wait. */
  @FunctionalInterface
  interface Waiting {
    boolean await() throws InterruptedIOException;
  }

  /**
   * Waits on the calling thread until another attempt is worth making.
   *
   * @param already asked once this thread can be told: whether it need not wait
   * @param otherwise the wait where there is no descriptor for an eventfd
   * @return {@code false} if the deadline passed first
   */
  boolean await(int fd, short events, Deadline deadline, BooleanSupplier already, Waiting otherwise)
      throws InterruptedIOException {
    Poller poller;
    try {
      poller = enter();
    } catch (IOException outOfDescriptors) {
      return otherwise.await();
    }
    if (poller == null) {
      return true; // Closed: the attempt tells.
    }
    boolean passOn = true;
    try {
      if (!already.getAsBoolean()) {
        checkInterrupt();
        long left = deadline.remainingNanos();
        if (left <= 0) {
          return false;
        }
        poller.poll(fd, events, left);
        checkInterrupt();
        if (deadline.remainingNanos() <= 0) {
          return false;
        }
      }
      passOn = false;
      return true;
    } finally {
      leave(poller, passOn);
    }
  }

  static void checkInterrupt() throws InterruptedIOException {
    if (Thread.currentThread().isInterrupted()) {
      throw new InterruptedIOException("interrupted while waiting");
    }
  }

  private synchronized @Nullable Poller enter() throws IOException {
    if (closed) {
      return null;
    }
    Poller poller = idle.poll();
    if (poller == null) {
      poller = Poller.create();
    }
    poller.told = false;
    active.add(poller);
    waiting = active.size();
    return poller;
  }

  private synchronized void leave(Poller poller, boolean passOn) {
    active.remove(poller);
    waiting = active.size();
    if (closed) {
      close(poller);
      notifyAll();
      return;
    }
    if (poller.told && passOn) {
      wake(1);
    }
    if (idle.size() < KEPT) {
      idle.push(poller);
    } else {
      close(poller);
    }
  }

  /** Tells some of the waiting threads, as far as there are any, that something is there. */
  void wake(int most) {
    if (waiting == 0) {
      return;
    }
    synchronized (this) {
      int left = most;
      for (Poller poller : active) {
        if (!poller.told && left-- > 0) {
          poller.told = true;
          poller.wakeup();
        }
      }
    }
  }

  /** Ends all waits, and returns when nobody polls any more. Before the descriptor is closed. */
  synchronized void close() {
    closed = true;
    active.forEach(Poller::wakeup);
    boolean interrupted = false;
    while (!active.isEmpty()) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    idle.forEach(Pollers::close);
    idle.clear();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void close(Poller poller) {
    try {
      poller.close();
    } catch (IOException impossible) {
      throw new AssertionError(impossible);
    }
  }
}
