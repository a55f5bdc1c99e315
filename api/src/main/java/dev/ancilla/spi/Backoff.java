package dev.ancilla.spi;

import dev.ancilla.EventLoop;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/** Waits that end after a moment, where nothing tells when another attempt is worth making. */
public final class Backoff {
  private static final long MILLIS = 10;

  /** Where something is polled that mostly tells in time. */
  private static final long POLLED_MILLIS = 100;

  private Backoff() {}

  /**
   * Wakes some time later.
   *
   * @param loop on whose thread the wake runs
   * @param wake what runs
   * @return the armed wait
   */
  public static Wait later(EventLoop loop, Runnable wake) {
    AtomicBoolean over = new AtomicBoolean();
    delayed(loop, over, MILLIS, () -> once(over, wake));
    return () -> over.set(true);
  }

  /**
   * Wakes when an armed wake fires, or some time later if it has not: for what is polled may come
   * long after an attempt is worth making.
   *
   * @param loop on whose thread the wake runs
   * @param wake what runs, once
   * @param arm arms a wake for what is polled
   * @return the armed wait
   */
  public static Wait laterOr(EventLoop loop, Runnable wake, Function<Runnable, Wait> arm) {
    AtomicBoolean over = new AtomicBoolean();
    Wait polled = arm.apply(() -> once(over, wake));
    delayed(
        loop,
        over,
        POLLED_MILLIS,
        () -> {
          polled.cancel();
          once(over, wake);
        });
    return () -> {
      over.set(true);
      polled.cancel();
    };
  }

  /** What is over by then starts no loop that has ended. */
  private static void delayed(EventLoop loop, AtomicBoolean over, long millis, Runnable task) {
    Executor unlessOver =
        due -> {
          if (!over.get()) {
            loop.execute(due);
          }
        };
    CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS, unlessOver).execute(task);
  }

  private static void once(AtomicBoolean over, Runnable wake) {
    if (over.compareAndSet(false, true)) {
      wake.run();
    }
  }
}
