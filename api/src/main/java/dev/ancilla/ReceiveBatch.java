package dev.ancilla;

import java.net.SocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Messages that were received together, in memory that is used again: with {@link Feature#BATCHES}
 * one system call fills it, and no message costs an allocation.
 *
 * <p><b>Ownership.</b> {@link DgramSocket#newReceiveBatch} makes it, its caller closes it. What it
 * holds is valid until it is filled anew or closed; what is to stay is copied, and descriptors are
 * {@linkplain Ancillary#take() taken}. Those that nobody took are then closed.
 *
 * <p><b>Threading.</b> For one thread, or coroutine, at a time. {@link #close()} may come from any
 * thread at any moment: it waits for the system call that fills the batch, and what is read
 * afterwards is refused, never another memory's.
 *
 * <pre>{@code
 * InetAddress loopback = InetAddress.getLoopbackAddress();
 * try (UdpSocket socket = Sockets.udp().bind(new InetSocketAddress(loopback, 0));
 *     ReceiveBatch batch = socket.newReceiveBatch(64)) {
 *   socket.blocking().send(Message.of("one of many").to(socket.localAddress()));
 *   int count = socket.blocking().receiveBatch(batch);
 *   for (int i = 0; i < count; i++) {
 *     System.out.println(batch.size(i) + " bytes from " + batch.sender(i));
 *   }
 * }
 * }</pre>
 */
public interface ReceiveBatch extends AutoCloseable {
  /**
   * Returns how many messages it can hold.
   *
   * @return the capacity
   */
  int capacity();

  /**
   * Returns how many messages it holds.
   *
   * @return the number of messages that the last receive brought
   */
  int count();

  /**
   * Returns a message's payload.
   *
   * @param index which message
   * @return a read-only view from its start, which may be the same object at each call and at each
   *     filling
   * @throws IndexOutOfBoundsException if there is no such message
   * @throws IllegalStateException if the batch is closed
   */
  ByteBuffer payload(int index);

  /**
   * Returns how many bytes were sent.
   *
   * @param index which message
   * @return the size, more than the payload has if it was {@linkplain #truncated cut}
   * @throws IndexOutOfBoundsException if there is no such message
   */
  int size(int index);

  /**
   * Tells whether a payload was cut to the limit that the socket was given.
   *
   * @param index which message
   * @return whether bytes are missing
   * @throws IndexOutOfBoundsException if there is no such message
   */
  boolean truncated(int index);

  /**
   * Returns who sent a message.
   *
   * @param index which message
   * @return the sender's address, or {@code null} if the sender has none
   * @throws IndexOutOfBoundsException if there is no such message
   */
  @Nullable SocketAddress sender(int index);

  /**
   * Returns what rode beside a message.
   *
   * @param index which message
   * @return the descriptors, which this batch closes unless they are taken, and the rest
   * @throws IndexOutOfBoundsException if there is no such message
   */
  Ancillary ancillary(int index);

  /**
   * Tells whether the batch is open.
   *
   * @return {@code false} once it is closed and is filled no more
   */
  boolean isOpen();

  /**
   * Closes the descriptors that nobody took, and gives the memory back, that of payloads once
   * nobody has a view of them any more. Another thread that is just reading a view is not
   * disturbed; what it reads there is what the message was, or was overwritten before. Idempotent.
   */
  @Override
  void close();
}
