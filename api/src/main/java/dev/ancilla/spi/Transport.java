package dev.ancilla.spi;

import java.io.IOException;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** What the transports of all kinds of socket share. Safe for use by several threads. */
public interface Transport extends Readiness {
  /**
   * Returns the socket's own address.
   *
   * @return the address, or the family's unbound one
   * @throws IOException if the socket is closed
   */
  SocketAddress localAddress() throws IOException;

  /**
   * Returns the address of the connected peer.
   *
   * @return the address, or {@code null} if the socket is not connected
   * @throws IOException if the socket is closed
   */
  @Nullable SocketAddress remoteAddress() throws IOException;

  /**
   * Returns a buffer size as the kernel tells it; Linux tells twice what was set.
   *
   * @param interest {@code READ} for the receive buffer, {@code WRITE} for the send buffer
   * @return the size in bytes
   * @throws IOException if the socket is closed
   */
  int bufferSize(Interest interest) throws IOException;

  /**
   * Asks for a buffer size; the kernel bounds it.
   *
   * @param interest {@code READ} for the receive buffer, {@code WRITE} for the send buffer
   * @param bytes the size in bytes, more than 0
   * @throws IOException if the socket is closed or the kernel refuses
   */
  void bufferSize(Interest interest, int bytes) throws IOException;

  /**
   * Duplicates the descriptor; of sockets that have {@link dev.ancilla.Feature#EXPORT} or {@link
   * dev.ancilla.Feature#INHERITANCE}.
   *
   * @return a handle of the duplicate, close-on-exec, owned by the caller
   * @throws IOException if the socket is closed or the kernel refuses
   */
  default FdHandle duplicate() throws IOException {
    throw new UnsupportedOperationException("duplicate: this provider exports no descriptors");
  }

  /**
   * Closes the socket: lets the attempts in flight end, gives the descriptor back, closes the
   * descriptors of messages nobody received, and fires every armed wake. Idempotent.
   */
  void close();
}
