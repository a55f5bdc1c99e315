package dev.ancilla.engine;

import dev.ancilla.EventLoop;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Hands an attempt to the loop's thread and waits for its turn, which no interrupt cuts short. */
final class LoopCall {
  private LoopCall() {}

  static <T> T call(EventLoop loop, Callable<T> attempt) throws IOException {
    FutureTask<T> task = new FutureTask<>(attempt);
    loop.execute(task);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return task.get();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          throw rethrow(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** What an attempt throws is made for this call alone, so its trace may end on the loop. */
  private static IOException rethrow(Throwable cause) {
    if (cause instanceof IOException failure) {
      return failure;
    }
    if (cause instanceof RuntimeException failure) {
      throw failure;
    }
    if (cause instanceof Error failure) {
      throw failure;
    }
    return new IOException(cause);
  }
}
