package dev.ancilla.spi;

import dev.ancilla.OwnedFd;
import dev.ancilla.PeerCredentials;
import dev.ancilla.StreamRead;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The attempts of one stream socket.
 *
 * <p>Every failure is a {@link dev.ancilla.SocketOpException} with operation, addresses and errno,
 * or a {@link java.nio.channels.ClosedChannelException}. A failure never closes the socket.
 */
public interface StreamTransport extends Transport {
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
   * Tries to read. The descriptors that one write carried come with the first of its bytes, and
   * never with those of another write.
   *
   * @param targets where to, in order, with room for at least one byte
   * @return what came, or {@code null} if there is nothing yet
   * @throws IOException if the kernel refuses
   */
  @Nullable StreamRead tryRead(List<ByteBuffer> targets) throws IOException;

  /**
   * Tries to write what the kernel takes.
   *
   * @param sources the bytes, in order, at least one; those that were written are consumed
   * @param descriptors what rides beside the first byte, lent; held open by the caller meanwhile
   * @return how many bytes were written, and with the first of them the descriptors; 0 if it would
   *     block
   * @throws IOException if the kernel refuses
   */
  long tryWrite(List<ByteBuffer> sources, List<FdHandle> descriptors) throws IOException;

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
