package dev.ancilla.engine;

import dev.ancilla.spi.Deadline;
import dev.ancilla.spi.Wait;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One name that is looked up, by somebody who waits for its address in some style. */
final class Lookup implements AutoCloseable {
  private final CompletableFuture<InetSocketAddress> answer;

  Lookup(CompletableFuture<InetSocketAddress> answer) {
    this.answer = answer;
  }

  boolean isDone() {
    return answer.isDone();
  }

  /** The address, of one that is done. */
  InetSocketAddress result() throws IOException {
    try {
      return answer.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IOException(e.getCause());
    } catch (InterruptedException | CancellationException e) {
      throw new IOException("the lookup was given up", e);
    }
  }

  Wait arm(Executor loop, Runnable wake) {
    CompletableFuture<Void> woken =
        answer.handle((address, failure) -> null).thenRunAsync(wake, loop);
    return () -> woken.cancel(false);
  }

  boolean await(Deadline deadline) throws InterruptedIOException {
    try {
      if (deadline.isNever()) {
        answer.get();
      } else {
        answer.get(Math.max(0, deadline.remainingNanos()), TimeUnit.NANOSECONDS);
      }
      return true;
    } catch (TimeoutException passed) {
      return false;
    } catch (ExecutionException | CancellationException ended) {
      return true; // The next attempt meets it.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting");
    }
  }

  /** Gives the lookup up, if it has not ended. */
  @Override
  public void close() {
    answer.cancel(true);
  }
}
