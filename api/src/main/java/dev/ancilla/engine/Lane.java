package dev.ancilla.engine;

import dev.ancilla.EventLoop;
import dev.ancilla.engine.Operation.Done;
import dev.ancilla.spi.Pending;
import dev.ancilla.spi.Wait;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
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

  /** Begins a call; what that throws fails the future. */
  @FunctionalInterface
  interface Beginning<T> {
    Pending<T> begin() throws IOException;
  }

  /** Makes a call in its turn. */
  <T> CompletableFuture<T> call(Beginning<T> beginning) {
    return start(beginning, Done::new);
  }

  /** Makes a call in its turn whose result is of no interest. */
  <T> CompletableFuture<Void> run(Beginning<T> beginning) {
    return start(beginning, done -> new Done<>(null));
  }

  private <A, T> CompletableFuture<T> start(Beginning<A> beginning, Function<A, Done<T>> result) {
    Pending<A> call;
    try {
      call = beginning.begin();
    } catch (IOException | RuntimeException e) {
      return failed(loop, e);
    }
    Operation<T> operation =
        new Operation<>(
            () -> {
              A made = call.attempt();
              return made == null ? null : result.apply(made);
            },
            call::arm,
            call::close,
            this::sweep);
    add(operation);
    return operation;
  }

  /** A future that fails on the loop, as every other. */
  static <T> CompletableFuture<T> failed(EventLoop loop, Exception failure) {
    CompletableFuture<T> result = new CompletableFuture<>();
    loop.execute(() -> result.completeExceptionally(failure));
    return result;
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

  /** Called when an operation was abandoned: if it was the one that waits, so is its wait. */
  void sweep() {
    loop.execute(
        () -> {
          boolean first;
          synchronized (queue) {
            Operation<?> head = queue.peek();
            first = head == null || head.isSettled();
            queue.removeIf(Operation::isSettled);
          }
          Wait current = wait;
          if (first && current != null) {
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
