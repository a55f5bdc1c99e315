package dev.ancilla.spi;

import dev.ancilla.OwnedFd;
import dev.ancilla.PeerCredentials;
import java.io.IOException;
import java.net.SocketAddress;

/** What the transports of sockets share that have a peer of their own. */
public interface ConnectionTransport extends Transport {
  /**
   * Tries to connect the socket.
   *
   * @param address the peer
   * @return {@code false} if the server's backlog is full: nothing tells when it is not, so whoever
   *     waits tries again a little later ({@code EAGAIN} of {@code connect(2)})
   * @throws IOException if the kernel refuses; another attempt can be made
   */
  boolean tryConnect(SocketAddress address) throws IOException;

  /**
   * Ends one direction; the other goes on.
   *
   * @param interest {@code READ} for what comes in, {@code WRITE} for what goes out
   * @throws IOException if the kernel refuses
   */
  void shutdown(Interest interest) throws IOException;

  /**
   * Returns who is at the other end, in the kernel's word.
   *
   * @return the credentials the peer had when it connected or began to listen
   * @throws IOException if the kernel refuses
   */
  PeerCredentials peerCredentials() throws IOException;

  /**
   * Opens a descriptor of the process at the other end.
   *
   * @return the descriptor, owned by the caller
   * @throws IOException if the kernel refuses
   * @throws dev.ancilla.UnsupportedFeatureException without {@link dev.ancilla.Feature#PEER_PIDFD}
   */
  OwnedFd peerPidfd() throws IOException;
}
