package dev.ancilla;

import java.util.concurrent.CompletableFuture;

/**
 * The calls of a server that return futures.
 *
 * <p>Threads, order, cancelling and errors are as {@link AsyncDgram} describes.
 *
 * @param <S> what the server accepts
 */
public interface AsyncServer<S extends UnixConnection> {
  /**
   * Accepts the next connection.
   *
   * @return a future of its socket, which the caller closes
   */
  CompletableFuture<S> accept();
}
