package dev.ancilla.spi;

import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The platform threads that wait for one socket in one direction, each with a poller of its own:
 * they are woken by the kernel, and not by way of the loop's thread. Safe for use by several
 * threads.
 *
 * @param <P> what one thread at a time waits with
 */
public final class Pollers<P extends Pollers.Poller> {
  /** How many are kept for the next waits. */
  private static final int KEPT = 4;

  private final Source<P> source;
  private final ArrayDeque<Seat<P>> idle = new ArrayDeque<>(); // guarded by this
  private final List<Seat<P>> active = new ArrayList<>(); // guarded by this
  private volatile int waiting; // the size of active, to be read without the lock
  private boolean closed; // guarded by this

  /** What one thread at a time waits with. */
  public interface Poller extends Closeable {
    /** Ends the wait, or the next one; called on any thread. */
    void wake();

    /**
     * Tells whether this is of no use any more, as one of a descriptor that was closed meanwhile.
     *
     * @return whether the next wait needs another
     */
    default boolean isSpent() {
      return false;
    }
  }

  /**
   * Makes pollers.
   *
   * @param <P> of this kind
   */
  @FunctionalInterface
  public interface Source<P> {
    /**
     * Makes a poller.
     *
     * @return the poller
     * @throws IOException if the process can open no more descriptors, or the socket is closed
     */
    P open() throws IOException;
  }

  /**
   * The wait itself.
   *
   * @param <P> with pollers of this kind
   */
  @FunctionalInterface
  public interface Polling<P> {
    /**
     * Waits until another attempt is worth making, somebody wakes the poller, the thread is
     * interrupted, or the time has passed.
     *
     * @param poller what to wait with
     * @param nanos how long at most; {@link Long#MAX_VALUE} is for ever
     */
    void poll(P poller, long nanos);
  }

  /** Another way to wait. */
  @FunctionalInterface
  public interface Waiting {
    /**
     * Waits until another attempt is worth making.
     *
     * @return {@code false} if the deadline passed first
     * @throws InterruptedIOException if the thread was interrupted
     */
    boolean await() throws InterruptedIOException;
  }

  /**
   * Nobody waits yet.
   *
   * @param source makes a poller for each thread that waits beside others
   */
  public Pollers(Source<P> source) {
    this.source = source;
  }

  /**
   * Waits on the calling thread until another attempt is worth making.
   *
   * @param polling the wait
   * @param deadline until when
   * @param already asked once this thread can be told: whether it need not wait
   * @param otherwise the wait where there is no descriptor for a poller, and of virtual threads,
   *     which would hold their carriers
   * @return {@code false} if the deadline passed first
   * @throws InterruptedIOException if the thread was interrupted; its interrupt status stays set
   */
  public boolean await(
      Polling<P> polling, Deadline deadline, BooleanSupplier already, Waiting otherwise)
      throws InterruptedIOException {
    if (VirtualThreads.onOne()) {
      return otherwise.await();
    }
    Seat<P> seat;
    try {
      seat = enter();
    } catch (IOException outOfDescriptors) {
      return otherwise.await();
    }
    if (seat == null) {
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
        polling.poll(seat.poller, left);
        checkInterrupt();
        if (deadline.remainingNanos() <= 0) {
          return false;
        }
      }
      passOn = false;
      return true;
    } finally {
      leave(seat, passOn);
    }
  }

  /**
   * Throws if the current thread is interrupted, and leaves its status set.
   *
   * @throws InterruptedIOException if it is
   */
  public static void checkInterrupt() throws InterruptedIOException {
    if (Thread.currentThread().isInterrupted()) {
      throw new InterruptedIOException("interrupted while waiting");
    }
  }

  private synchronized @Nullable Seat<P> enter() throws IOException {
    if (closed) {
      return null;
    }
    Seat<P> seat = idle.poll();
    while (seat != null && seat.poller.isSpent()) {
      close(seat);
      seat = idle.poll();
    }
    if (seat == null) {
      seat = new Seat<>(source.open());
    }
    seat.told = false;
    active.add(seat);
    waiting = active.size();
    return seat;
  }

  private synchronized void leave(Seat<P> seat, boolean passOn) {
    active.remove(seat);
    waiting = active.size();
    if (closed) {
      close(seat);
      notifyAll();
      return;
    }
    if (seat.told && passOn) {
      wake(1);
    }
    if (idle.size() < KEPT && !seat.poller.isSpent()) {
      idle.push(seat);
    } else {
      close(seat);
    }
  }

  /**
   * Tells some of the waiting threads, as far as there are any, that something is there.
   *
   * @param most how many
   */
  public void wake(int most) {
    if (waiting == 0) {
      return;
    }
    synchronized (this) {
      int left = most;
      for (Seat<P> seat : active) {
        if (!seat.told && left-- > 0) {
          seat.told = true;
          seat.poller.wake();
        }
      }
    }
  }

  /** Ends all waits, and returns when nobody polls any more. Before the descriptor is closed. */
  public synchronized void close() {
    closed = true;
    active.forEach(seat -> seat.poller.wake());
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

  private static void close(Seat<?> seat) {
    try {
      seat.poller.close();
    } catch (IOException impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** One poller, and what its thread was told; guarded by the pollers. */
  private static final class Seat<P extends Poller> {
    final P poller;

    /** Whether it was told that there may be something for it. */
    boolean told;

    Seat(P poller) {
      this.poller = poller;
    }
  }
}
