package dev.ancilla.engine;

import dev.ancilla.Socket;
import dev.ancilla.spi.Deadline;
import dev.ancilla.spi.Pending;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Attempt, would block, wait on the calling thread, attempt. */
final class BlockingCall {
  private BlockingCall() {}

  /** A wait; {@code false} if the deadline passed. */
  @FunctionalInterface
  interface Waiting {
    boolean await(Deadline deadline) throws InterruptedIOException;
  }

  static <T> T call(
      Socket socket,
      String operation,
      @Nullable SocketAddress target,
      @Nullable Duration timeout,
      Pending<T> call)
      throws IOException {
    return call(socket, operation, target, timeout, call::attempt, call::await);
  }

  static <T> T call(
      Socket socket,
      String operation,
      @Nullable SocketAddress target,
      @Nullable Duration timeout,
      Attempts.Attempt<T> attempt,
      Waiting waiting)
      throws IOException {
    Deadline deadline = Deadline.after(timeout);
    if (socket.eventLoop().inLoop()) {
      throw new IllegalStateException(
          "blocking "
              + operation
              + " on "
              + socket.eventLoop().name()
              + ": it would block every socket of this event loop");
    }
    while (true) {
      T result = attempt.make();
      if (result != null) {
        return result;
      }
      if (!waiting.await(deadline)) {
        throw new SocketTimeoutException(
            operation + " " + (target == null ? socket : target) + ": not within " + timeout);
      }
    }
  }
}
