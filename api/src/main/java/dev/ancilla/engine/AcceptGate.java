package dev.ancilla.engine;

import dev.ancilla.EventLoop;
import dev.ancilla.spi.Deadline;
import dev.ancilla.spi.Interest;
import dev.ancilla.spi.Readiness;
import dev.ancilla.spi.Wait;
import java.io.InterruptedIOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * Whether a server accepts: not while it is paused, and not for a moment after the process was out
 * of descriptors, for the kernel would tell of the waiting connection again and again. Whoever
 * waits meanwhile waits here.
 */
final class AcceptGate implements Readiness {
  /** The time after which there may be descriptors again. */
  private static final long BACKOFF_MILLIS = 100;

  private final Readiness server;
  private final Set<Waiter> waiters = new LinkedHashSet<>(); // guarded by this
  private boolean paused; // guarded by this
  private boolean backingOff; // guarded by this
  private boolean closed; // guarded by this

  AcceptGate(Readiness server) {
    this.server = server;
  }

  synchronized boolean isPaused() {
    return paused;
  }

  private synchronized boolean isShut() {
    return !closed && (paused || backingOff);
  }

  void pause() {
    synchronized (this) {
      paused = true;
    }
  }

  void resume() {
    synchronized (this) {
      paused = false;
    }
    wakeIfOpen();
  }

  /** Shuts for a while; returns whether it was not shut for that already. */
  boolean backOff() {
    synchronized (this) {
      if (backingOff) {
        return false;
      }
      backingOff = true;
    }
    Executor later =
        CompletableFuture.delayedExecutor(BACKOFF_MILLIS, TimeUnit.MILLISECONDS, eventLoop());
    later.execute(
        () -> {
          synchronized (this) {
            backingOff = false;
          }
          wakeIfOpen();
        });
    return true;
  }

  void close() {
    synchronized (this) {
      closed = true;
    }
    wakeIfOpen();
  }

  private void wakeIfOpen() {
    List<Waiter> all;
    synchronized (this) {
      if (isShut()) {
        return;
      }
      all = List.copyOf(waiters);
      waiters.clear();
    }
    all.forEach(waiter -> eventLoop().execute(waiter.wake));
  }

  @Override
  public EventLoop eventLoop() {
    return server.eventLoop();
  }

  @Override
  public boolean onLoopOnly(Interest interest) {
    return server.onLoopOnly(interest);
  }

  @Override
  public Wait arm(Interest interest, Runnable wake) {
    Waiter waiter = new Waiter(wake);
    synchronized (this) {
      if (isShut()) {
        waiters.add(waiter);
        return waiter;
      }
    }
    return server.arm(interest, wake);
  }

  @Override
  public boolean await(Interest interest, Deadline deadline) throws InterruptedIOException {
    return isShut() ? Readiness.super.await(interest, deadline) : server.await(interest, deadline);
  }

  /** One that waits for the gate. */
  private final class Waiter implements Wait {
    private final Runnable wake;

    Waiter(Runnable wake) {
      this.wake = wake;
    }

    @Override
    public void cancel() {
      synchronized (AcceptGate.this) {
        waiters.remove(this);
      }
    }
  }
}
