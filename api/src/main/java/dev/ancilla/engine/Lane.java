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
  private @Nullable Wait wait; // of the loop's thread alone

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
            queue.removeIf(Operation::isDone);
            nobody = queue.isEmpty();
          }
          Wait current = wait;
          if (nobody && current != null) {
            wait = null;
            current.cancel();
            pump();
          }
        });
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
        wait = first.arm(this::pump);
        return;
      }
      synchronized (queue) {
        queue.remove(first);
      }
    }
  }
}
