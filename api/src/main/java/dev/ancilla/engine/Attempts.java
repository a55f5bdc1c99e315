package dev.ancilla.engine;

import dev.ancilla.spi.Deadline;
import dev.ancilla.spi.Interest;
import dev.ancilla.spi.Pending;
import dev.ancilla.spi.Readiness;
import dev.ancilla.spi.Wait;
import java.io.IOException;
import java.io.InterruptedIOException;
import org.jspecify.annotations.Nullable;

/** A call that holds nothing: attempts, and between them waits for one direction of a socket. */
record Attempts<T>(Attempt<T> attempting, Readiness readiness, Interest interest)
    implements Pending<T> {
  /** An attempt; {@code null} would block. */
  @FunctionalInterface
  interface Attempt<T> {
    @Nullable T make() throws IOException;
  }

  @Override
  public @Nullable T attempt() throws IOException {
    return attempting.make();
  }

  @Override
  public Wait arm(Runnable wake) {
    return readiness.arm(interest, wake);
  }

  @Override
  public boolean await(Deadline deadline) throws InterruptedIOException {
    return readiness.await(interest, deadline);
  }

  @Override
  public void close() {}
}
