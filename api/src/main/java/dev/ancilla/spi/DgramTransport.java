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

  /**
   * Makes memory for receiving several messages at a time.
   *
   * @param messages how many
   * @param bytes how many bytes of each the memory is for; longer ones arrive whole all the same
   * @return the slab, for any transport of this provider
   */
  default ReceiveSlab newReceiveSlab(int messages, int bytes) {
    return new PlainReceiveSlab(messages);
  }

  /**
   * Tries to receive as many messages as are there and fit. What the slab held before is dropped.
   *
   * @param slab a slab of this provider
   * @param limit the most bytes of a message to keep
   * @return how many messages the slab holds now; 0 if it would block
   * @throws IOException if the kernel refuses, and nothing was received
   */
  default int tryReceive(ReceiveSlab slab, int limit) throws IOException {
    return ((PlainReceiveSlab) slab).fill(this, limit);
  }

  /**
   * Makes memory for sending several messages at a time.
   *
   * @param messages how many
   * @param bytes how many bytes of each the memory is for; longer ones are sent all the same
   * @return the slab, for any transport of this provider
   */
  default SendSlab newSendSlab(int messages, int bytes) {
    return new PlainSendSlab();
  }

  /**
   * Tries to send the messages of a slab, in order. Those that were sent leave it.
   *
   * @param slab a slab of this provider
   * @return how many were sent; fewer than the slab had if the next would have to wait, or fails
   * @throws IOException if the kernel refuses the first
   */
  default int trySend(SendSlab slab) throws IOException {
    return ((PlainSendSlab) slab).drain(this);
  }
}
