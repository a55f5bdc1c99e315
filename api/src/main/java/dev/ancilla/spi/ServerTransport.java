package dev.ancilla.spi;

import java.io.IOException;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The attempts of one socket that listens.
 *
 * <p>Every failure is a {@link dev.ancilla.SocketOpException} with operation, addresses and errno,
 * or a {@link java.nio.channels.ClosedChannelException}. A failure never closes the socket.
 */
public interface ServerTransport extends Transport {
  /**
   * Binds the socket, as {@link DgramTransport#bind} does. Nobody can connect before it listens.
   *
   * @param address the address
   * @param mode the permission bits of a socket file, or -1 for what the umask leaves
   * @throws IOException if the kernel refuses; another attempt can be made
   */
  void bind(SocketAddress address, int mode) throws IOException;

  /**
   * Begins to listen.
   *
   * @param backlog how many connections may wait to be accepted; the kernel bounds it
   * @throws IOException if the kernel refuses
   */
  void listen(int backlog) throws IOException;

  /**
   * Tries to accept a connection.
   *
   * @return its socket, a {@link StreamTransport} or a {@link SeqpacketTransport}, on the same
   *     loop, close-on-exec, owned by the caller; or {@code null} if nobody waits
   * @throws IOException if the kernel refuses; another attempt can be made
   */
  @Nullable ConnectionTransport tryAccept() throws IOException;
}
