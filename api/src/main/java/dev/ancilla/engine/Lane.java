package dev.ancilla.engine;

import dev.ancilla.EventLoop;
import dev.ancilla.spi.Wait;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Asynchronous operations in one direction, or to one target: the first makes attempts and waits,
 * the others wait behind it, so that they end in the order in which they were started.
 *
 * <p>Attempts are made on the loop's thread only, which keeps completions off the caller's stack.
 */
final class Lane {
  private final EventLoop loop;
  private final Runnable emptied;
  private final ArrayDeque<Operation<?>> queue = new ArrayDeque<>(); // guarded by itself
  private boolean running; // guarded by queue: a pump is scheduled, running or waiting

  // Of the loop's thread alone.
  private @Nullable Wait wait;
  private int waits; // tells the wake of the current wait from that of one given up

  /**
   * Creates a lane.
   *
   * @param loop where attempts are made
   * @param emptied runs, on the loop's thread, whenever the last operation has ended
   */
  Lane(EventLoop loop, Runnable emptied) {
    this.loop = loop;
    this.emptied = emptied;
  }

  void add(Operation<?> operation) {
    synchronized (queue) {
      queue.add(operation);
      if (running) {
        return;
      }
      running = true;
    }
    loop.execute(this::pump);
  }

  boolean isEmpty() {
    synchronized (queue) {
      return queue.isEmpty();
    }
  }

  /** Called when an operation was abandoned: if nobody is left, the wait is given up. */
  void sweep() {
    loop.execute(
        () -> {
          boolean nobody;
          synchronized (queue) {
            queue.removeIf(Operation::isSettled);
            nobody = queue.isEmpty();
          }
          Wait current = wait;
          if (nobody && current != null) {
            waits++;
            current.cancel();
            pump();
          }
        });
  }

  private void woken(int armed) {
    if (armed == waits) {
      pump();
    }
  }

  private void pump() {
    wait = null;
    while (true) {
      Operation<?> first;
      synchronized (queue) {
        first = queue.peek();
        if (first == null) {
          running = false;
        }
      }
      if (first == null) {
        emptied.run();
        return;
      }
      if (!loop.spend()) {
        loop.execute(this::pump);
        return;
      }
      if (!first.advance()) {
        int armed = ++waits;
        wait = first.arm(() -> woken(armed));
        return;
      }
      synchronized (queue) {
        queue.remove(first);
      }
    }
  }
}
