package dev.ancilla.engine;

import dev.ancilla.spi.Wait;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A future whose result an attempt makes. The attempt and whoever settles the future otherwise
 * (cancelling, a timeout) exclude each other: a future that was settled makes no attempt, and one
 * whose attempt succeeded can no longer be settled otherwise. So no message is received for nobody.
 */
final class Operation<T> extends CompletableFuture<T> {
  private final Attempt<T> attempt;
  private final Function<Runnable, Wait> arm;
  private final Runnable ended;
  private final Runnable abandoned;
  private final ReentrantLock lock = new ReentrantLock();
  private boolean settled; // guarded by lock

  /** An attempt; {@code null} would block. */
  @FunctionalInterface
  interface Attempt<T> {
    @Nullable Done<T> make() throws IOException;
  }

  /** What a successful attempt made. */
  record Done<T>(@Nullable T value) {}

  /**
   * Creates an operation.
   *
   * @param attempt makes the result
   * @param arm arms the wake for the next attempt
   * @param ended runs before the future completes, in whichever way
   * @param abandoned runs after the future was settled otherwise than by an attempt
   */
  Operation(Attempt<T> attempt, Function<Runnable, Wait> arm, Runnable ended, Runnable abandoned) {
    this.attempt = attempt;
    this.arm = arm;
    this.ended = ended;
    this.abandoned = abandoned;
  }

  Wait arm(Runnable wake) {
    return arm.apply(wake);
  }

  /**
   * Makes an attempt, unless the future is settled.
   *
   * @return {@code false} if it would block
   */
  boolean advance() {
    Done<T> done = null;
    Throwable failure = null;
    lock.lock();
    try {
      if (settled) {
        return true;
      }
      done = attempt.make();
      if (done == null) {
        return false;
      }
      settled = true;
    } catch (IOException | RuntimeException | Error e) {
      settled = true;
      failure = e;
    } finally {
      lock.unlock();
    }
    ended.run();
    if (done != null) {
      super.complete(done.value());
    } else if (failure != null) {
      super.completeExceptionally(failure);
    }
    return true;
  }

  /** Whether no attempt will be made any more; the future itself may complete a moment later. */
  boolean isSettled() {
    lock.lock();
    try {
      return settled;
    } finally {
      lock.unlock();
    }
  }

  private boolean settle() {
    lock.lock();
    try {
      if (settled) {
        return false;
      }
      settled = true;
    } finally {
      lock.unlock();
    }
    ended.run();
    abandoned.run();
    return true;
  }

  @Override
  public boolean complete(@Nullable T value) {
    return settle() && super.complete(value);
  }

  @Override
  public boolean completeExceptionally(Throwable failure) {
    return settle() && super.completeExceptionally(failure);
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    return settle() ? super.cancel(mayInterruptIfRunning) : isCancelled();
  }

  // The inherited ones complete the future past the methods above.

  @Override
  public CompletableFuture<T> completeAsync(Supplier<? extends T> supplier, Executor executor) {
    executor.execute(
        () -> {
          try {
            complete(supplier.get());
          } catch (RuntimeException | Error e) {
            completeExceptionally(e);
          }
        });
    return this;
  }

  @Override
  public void obtrudeValue(@Nullable T value) {
    settle();
    super.obtrudeValue(value);
  }

  @Override
  public void obtrudeException(Throwable failure) {
    settle();
    super.obtrudeException(failure);
  }
}
