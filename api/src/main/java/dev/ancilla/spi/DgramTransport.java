package dev.ancilla.spi;

import dev.ancilla.Datagram;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The attempts of one message socket.
 *
 * <p>Every failure is a {@link dev.ancilla.SocketOpException} with operation, addresses and errno,
 * or a {@link java.nio.channels.ClosedChannelException}. A failure never closes the socket.
 */
public interface DgramTransport extends Transport {
  /**
   * Binds the socket. The caller has checked that a path names nothing yet; it is never removed
   * here.
   *
   * @param address the address
   * @param mode the permission bits of a socket file, or -1 for what the umask leaves; a provider
   *     with {@link dev.ancilla.Feature#ATOMIC_MODE} sets them before the name is visible, others
   *     right after
   * @throws IOException if the kernel refuses; another attempt can be made
   */
  void bind(SocketAddress address, int mode) throws IOException;

  /**
   * Connects the socket; a datagram socket does not wait for that. A connected one is connected
   * anew.
   *
   * @param address the peer
   * @throws IOException if the kernel refuses; the socket stays as it was
   */
  void connect(SocketAddress address) throws IOException;

  /**
   * Dissolves the connection; the socket keeps its name.
   *
   * @throws IOException if the kernel refuses
   */
  void disconnect() throws IOException;

  /**
   * Tries to receive one message.
   *
   * @param limit the most bytes to keep; {@link Integer#MAX_VALUE} for whole messages
   * @return the message, owned by the caller, or {@code null} if there is none yet
   * @throws IOException if the kernel refuses
   */
  @Nullable Datagram tryReceive(int limit) throws IOException;

  /**
   * Tries to send one message: whole or not at all.
   *
   * @param payload the bytes; consumed on success, untouched otherwise
   * @param target where to, or {@code null} for the connected peer
   * @param descriptors what rides beside it, lent; held open by the caller meanwhile
   * @return {@code false} if the message would have to wait
   * @throws IOException if the kernel refuses
   */
  boolean trySend(ByteBuffer payload, @Nullable SocketAddress target, List<FdHandle> descriptors)
      throws IOException;
}
