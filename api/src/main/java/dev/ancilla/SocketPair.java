package dev.ancilla;

/**
 * Two sockets that are connected to each other.
 *
 * @param <S> the type of both
 * @param left one of them, owned by the caller
 * @param right the other, owned by the caller
 */
public record SocketPair<S extends Socket>(S left, S right) implements AutoCloseable {
  /** Closes both. Idempotent. */
  @Override
  public void close() {
    left.close();
    right.close();
  }
}
