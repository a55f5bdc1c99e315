package dev.ancilla;

import dev.ancilla.spi.Pending;
import java.io.IOException;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What the ends of a connection over a Unix socket share: a peer of their own, whom the kernel
 * knows, and an end in each direction. A {@link Server} accepts them.
 */
public interface UnixConnection extends Socket {
  @Override
  UnixAddress localAddress() throws IOException;

  @Override
  @Nullable UnixAddress remoteAddress() throws IOException;

  /**
   * Returns how many descriptors a read, or a message, may bring.
   *
   * @return what the builder asked for; what comes beyond is closed
   * @throws java.nio.channels.ClosedChannelException if this socket is closed
   */
  int maxDescriptors() throws IOException;

  /**
   * Tries to connect without waiting.
   *
   * @param address the server's address, a {@link UnixAddress} or the JDK's
   * @return {@code false} if the server's backlog is full
   * @throws java.nio.channels.AlreadyConnectedException if this socket is connected
   * @throws java.nio.channels.ClosedChannelException if this socket is closed
   * @throws SocketOpException if the kernel refuses: {@code ENOENT}, {@code ECONNREFUSED} for a
   *     file on which nobody listens, {@code EPROTOTYPE} for one of another kind of socket; another
   *     attempt can be made
   * @throws IOException if it fails otherwise
   */
  boolean tryConnect(SocketAddress address) throws IOException;

  /**
   * Ends the input: from now on this socket meets the end of what came in, and the peer's writing
   * or sending {@code EPIPE}.
   *
   * @throws java.nio.channels.ClosedChannelException if this socket is closed
   * @throws SocketOpException if the kernel refuses: {@code ENOTCONN}
   * @throws IOException if it fails otherwise
   */
  void shutdownInput() throws IOException;

  /**
   * Ends the output: the peer reads what was written or sent, and then the end. What still waits to
   * go out fails; {@link BlockingStream#end} and its likes write first.
   *
   * @throws java.nio.channels.ClosedChannelException if this socket is closed
   * @throws SocketOpException if the kernel refuses: {@code ENOTCONN}
   * @throws IOException if it fails otherwise
   */
  void shutdownOutput() throws IOException;

  /**
   * Returns who is at the other end, in the kernel's word ({@code SO_PEERCRED}, {@code unix(7)}).
   *
   * @return the credentials that the peer had when it connected, or began to listen
   * @throws java.nio.channels.ClosedChannelException if this socket is closed
   * @throws SocketOpException if the kernel refuses: {@code ENOTCONN}
   * @throws IOException if it fails otherwise
   */
  PeerCredentials peerCredentials() throws IOException;

  /**
   * Opens a descriptor of the process at the other end, which unlike its pid never comes to mean
   * another process ({@code SO_PEERPIDFD}).
   *
   * @return the descriptor, owned by the caller
   * @throws UnsupportedFeatureException without {@link Feature#PEER_PIDFD}
   * @throws java.nio.channels.ClosedChannelException if this socket is closed
   * @throws SocketOpException if the kernel refuses: {@code ENOTCONN}; {@code ESRCH}, or {@code
   *     EINVAL} of older kernels, if the process is gone: newer ones open a descriptor all the same
   * @throws IOException if it fails otherwise
   */
  OwnedFd peerPidfd() throws IOException;

  /**
   * Begins to connect, waiting while the backlog is full; for those who build a calling style of
   * their own. The kernel does not tell when there is room in it, so the wait is a matter of time:
   * from 1 ms, doubled up to 32 ms.
   *
   * @param address the server's address
   * @return the call
   * @throws java.nio.channels.ClosedChannelException if this socket is closed
   */
  Pending<Boolean> beginConnect(SocketAddress address) throws IOException;
}
