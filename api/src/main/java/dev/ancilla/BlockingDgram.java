package dev.ancilla;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The calls of a message socket that wait on the calling thread.
 *
 * <p><b>Threading.</b> From any thread, platform or virtual, but not from the socket's event loop,
 * which they would block: there they throw {@link IllegalStateException}. A waiting virtual thread
 * is not pinned to its carrier.
 *
 * <p><b>Interrupts.</b> A waiting call ends with {@link java.io.InterruptedIOException}; the
 * interrupt status stays set, and the socket stays open.
 *
 * <p><b>Deadlines.</b> A call that takes a {@code timeout} ends with {@link
 * java.net.SocketTimeoutException} when that has passed. A timeout of zero tries once; a negative
 * one is an {@link IllegalArgumentException}; {@code null} waits for ever.
 *
 * <p>A call that ended so has done nothing, except that of a batch what was sent has left it.
 *
 * <p><b>Closing.</b> Closing the socket ends a waiting call with {@link
 * java.nio.channels.ClosedChannelException}.
 *
 * <pre>{@code
 * InetAddress loopback = InetAddress.getLoopbackAddress();
 * try (UdpSocket socket = Sockets.udp().bind(new InetSocketAddress(loopback, 0))) {
 *   try (Datagram datagram = socket.blocking().receive(Duration.ofMillis(50))) {
 *     System.out.println(datagram.text());
 *   } catch (SocketTimeoutException nothingCame) {
 *     System.out.println(nothingCame.getMessage());
 *   }
 * }
 * }</pre>
 */
public interface BlockingDgram {
  /**
   * Receives the next message, waiting until one arrives.
   *
   * @return the message, which the caller closes
   * @throws IOException as {@link DgramSocket#tryReceive()}, or as this view describes
   */
  default Datagram receive() throws IOException {
    return receive(null);
  }

  /**
   * Receives the next message, waiting until one arrives or the time has passed.
   *
   * @param timeout how long to wait, or {@code null} for ever
   * @return the message, which the caller closes
   * @throws IOException as {@link DgramSocket#tryReceive()}, or as this view describes
   */
  Datagram receive(@Nullable Duration timeout) throws IOException;

  /**
   * Sends a message, waiting while its target has no room.
   *
   * @param message the message
   * @throws IOException as {@link DgramSocket#trySend(Message)}, or as this view describes
   */
  default void send(Message message) throws IOException {
    send(message, null);
  }

  /**
   * Sends a message, waiting while its target has no room, until the time has passed.
   *
   * @param message the message
   * @param timeout how long to wait, or {@code null} for ever
   * @throws IOException as {@link DgramSocket#trySend(Message)}, or as this view describes
   */
  void send(Message message, @Nullable Duration timeout) throws IOException;

  /**
   * Sends a datagram, waiting while its target has no room.
   *
   * @param payload the bytes; consumed when this returns, untouched when it throws
   * @param target where to, or {@code null} for the connected peer
   * @throws IOException as {@link DgramSocket#trySend(ByteBuffer, SocketAddress)}, or as this view
   *     describes
   */
  void send(ByteBuffer payload, @Nullable SocketAddress target) throws IOException;

  /**
   * Receives what is there, at least one message, waiting until one arrives.
   *
   * @param batch where to; what it held is dropped
   * @return how many messages came
   * @throws IOException as {@link DgramSocket#tryReceive(ReceiveBatch)}, or as this view describes
   */
  default int receiveBatch(ReceiveBatch batch) throws IOException {
    return receiveBatch(batch, null);
  }

  /**
   * Receives what is there, at least one message, waiting until one arrives or the time has passed.
   *
   * @param batch where to; what it held is dropped
   * @param timeout how long to wait, or {@code null} for ever
   * @return how many messages came
   * @throws IOException as {@link DgramSocket#tryReceive(ReceiveBatch)}, or as this view describes
   */
  int receiveBatch(ReceiveBatch batch, @Nullable Duration timeout) throws IOException;

  /**
   * Sends all messages of a batch, waiting while a target has no room. Those that were sent leave
   * it, also when this throws.
   *
   * @param batch the messages
   * @throws IOException as {@link DgramSocket#trySend(SendBatch)}, or as this view describes
   */
  default void send(SendBatch batch) throws IOException {
    send(batch, null);
  }

  /**
   * Sends all messages of a batch, waiting while a target has no room, until the time has passed.
   * Those that were sent leave it, also when this throws.
   *
   * @param batch the messages
   * @param timeout how long to wait, or {@code null} for ever
   * @throws IOException as {@link DgramSocket#trySend(SendBatch)}, or as this view describes
   */
  void send(SendBatch batch, @Nullable Duration timeout) throws IOException;

  /**
   * Binds the socket to an address.
   *
   * @param address the address; of UDP also a name that is not resolved
   * @param timeout how long to wait for the name's address, or {@code null} for ever
   * @throws IOException as {@link DgramSocket#bind}, or as this view describes
   */
  void bind(SocketAddress address, @Nullable Duration timeout) throws IOException;

  /**
   * Connects the socket to a peer.
   *
   * @param address the peer; of UDP also a name that is not resolved
   * @param timeout how long to wait for the name's address, and of sequenced packets for room in
   *     the server's backlog, or {@code null} for ever; else connecting does not wait
   * @throws IOException as {@link DgramSocket#tryConnect}
   */
  void connect(SocketAddress address, @Nullable Duration timeout) throws IOException;
}
