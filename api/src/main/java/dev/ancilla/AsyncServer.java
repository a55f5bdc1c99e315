package dev.ancilla;

import java.util.concurrent.CompletableFuture;

/**
 * The calls of a server that return futures.
 *
 * <p>Threads, order, cancelling and errors are as {@link AsyncDgram} describes.
 */
public interface AsyncServer {
  /**
   * Accepts the next connection.
   *
   * @return a future of its socket, which the caller closes
   */
  CompletableFuture<StreamSocket> accept();
}
