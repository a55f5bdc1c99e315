package dev.ancilla.ffm;

import java.lang.foreign.Arena;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** Giving memory back. */
final class Memory {
  private static final Executor SOON =
      CompletableFuture.delayedExecutor(100, TimeUnit.MILLISECONDS);

  private Memory() {}

  /**
   * Closes an arena of whose memory programs may hold views. While one of them writes such a view
   * to a file, on another thread, the JVM refuses; it is asked again then.
   */
  static void close(Arena arena) {
    try {
      arena.close();
    } catch (IllegalStateException inUse) {
      if (arena.scope().isAlive()) {
        SOON.execute(() -> close(arena));
      }
    }
  }
}
