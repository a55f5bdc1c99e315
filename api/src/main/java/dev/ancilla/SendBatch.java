package dev.ancilla;

import java.net.SocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Messages that go out together, from memory that is used again: with {@link Feature#BATCHES} one
 * system call sends them, and no message costs an allocation.
 *
 * <p><b>Ownership.</b> {@link DgramSocket#newSendBatch} makes it, its caller closes it. Payloads
 * are copied when they are added. Descriptors are lent: they are held until their message has left
 * the batch, and their owner may close them early.
 *
 * <p><b>Order and errors.</b> Messages are sent in the order in which they were added, and leave
 * the batch when they are sent. When one fails, it is the first that is left: {@link
 * #removeFirst()} goes on without it.
 *
 * <p><b>Threading.</b> For one thread, or coroutine, at a time. {@link #close()} may come from any
 * thread at any moment.
 *
 * <pre>{@code
 * InetAddress loopback = InetAddress.getLoopbackAddress();
 * try (UdpSocket socket = Sockets.udp().bind(new InetSocketAddress(loopback, 0));
 *     SendBatch batch = socket.newSendBatch(64)) {
 *   for (int i = 0; i < 3; i++) {
 *     batch.add(Message.of("number " + i).to(socket.localAddress()));
 *   }
 *   socket.blocking().send(batch);
 *   System.out.println(batch.count() + " are left");
 * }
 * }</pre>
 */
public interface SendBatch extends AutoCloseable {
  /**
   * Returns how many messages it can hold.
   *
   * @return the capacity
   */
  int capacity();

  /**
   * Returns how many messages are left to send.
   *
   * @return the number of messages that were added and have not been sent
   */
  int count();

  /**
   * Adds a datagram, if there is room for one more.
   *
   * @param payload the bytes from position to limit, which are copied; the position does not change
   * @param target where to, or {@code null} for the connected peer
   * @return {@code false} if the batch is full
   * @throws IllegalArgumentException if the target is no address of this kind of socket, or a name
   *     that is not resolved: a batch looks none up
   * @throws IllegalStateException if the batch is closed
   */
  boolean add(ByteBuffer payload, @Nullable SocketAddress target);

  /**
   * Adds datagrams of one size that lie one behind the other, as many as there is room for. It is
   * the fastest way to add many small ones: what is common to them is done once.
   *
   * @param payloads their bytes, which are copied; the position advances by those of the datagrams
   *     that were added
   * @param size the bytes of each, but for the last, which has what is left
   * @param target where to, or {@code null} for the connected peer
   * @return how many were added
   * @throws IllegalArgumentException if the size is less than 1, or the target is no address of
   *     this kind of socket, or a name that is not resolved: a batch looks none up
   * @throws IllegalStateException if the batch is closed
   */
  int add(ByteBuffer payloads, int size, @Nullable SocketAddress target);

  /**
   * Adds a message, if there is room for one more.
   *
   * @param message the message; its descriptors are held until it has been sent
   * @return {@code false} if the batch is full
   * @throws IllegalArgumentException if a descriptor of the message is closed, or it has more than
   *     253, or the target is no address of this kind of socket, or a name that is not resolved: a
   *     batch looks none up
   * @throws UnsupportedFeatureException if it has descriptors and the socket cannot pass them
   * @throws IllegalStateException if the batch is closed
   */
  boolean add(Message message);

  /**
   * Drops the first message that is left.
   *
   * @throws java.util.NoSuchElementException if none is left
   * @throws IllegalStateException if the batch is closed
   */
  void removeFirst();

  /** Drops the messages that were not sent. */
  void clear();

  /**
   * Tells whether the batch is open.
   *
   * @return {@code false} once it is closed and sends no more
   */
  boolean isOpen();

  /** Drops the messages that were not sent, and gives the memory back. Idempotent. */
  @Override
  void close();
}
