package dev.ancilla;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Callbacks for event-driven programs, attached with {@link DgramSocket#listen}.
 *
 * <p><b>Threading.</b> All run on the socket's event loop, one at a time; they must not block. At
 * most {@value EventLoop#BUDGET} messages are delivered before other work on the loop gets its
 * turn.
 *
 * <p><b>Closing.</b> Nothing is delivered after the socket or the subscription was closed, but
 * {@link #onClose}, which comes once. A message that was being received while another thread closed
 * the subscription is still delivered, for it would be lost.
 *
 * <pre>{@code
 * InetAddress loopback = InetAddress.getLoopbackAddress();
 * CountDownLatch answered = new CountDownLatch(1);
 * try (UdpSocket server = Sockets.udp().bind(new InetSocketAddress(loopback, 0));
 *     Subscription echo =
 *         server.listen(
 *             (socket, datagram) -> {
 *               socket.trySend(Message.of(datagram.bytes()).to(datagram.sender()));
 *               answered.countDown();
 *             });
 *     UdpSocket client = Sockets.udp().connect(server.localAddress())) {
 *   client.blocking().send(Message.of("hello"));
 *   answered.await();
 *   echo.pause();
 * }
 * }</pre>
 */
@FunctionalInterface
public interface DgramListener {
  /**
   * Takes a message.
   *
   * @param socket where it arrived; replies can be sent with {@link DgramSocket#trySend} or {@link
   *     DgramSocket#async()}
   * @param datagram the message, closed when this returns: what is to stay is copied or {@linkplain
   *     Ancillary#take() taken}
   * @throws Exception anything, which goes to {@link #onError}
   */
  void onMessage(DgramSocket socket, Datagram datagram) throws Exception;

  /**
   * Takes an error of the socket, which stays open, or one that {@link #onMessage} threw. Logs it
   * unless overridden.
   *
   * @param socket where it happened
   * @param error what happened
   */
  default void onError(DgramSocket socket, Throwable error) {
    System.getLogger(DgramListener.class.getName())
        .log(System.Logger.Level.WARNING, "error while listening", error);
  }

  /**
   * Takes the news that a target has no room: a {@link DgramSocket#trySend} returned {@code false}.
   * The message was not sent and not queued; the sender keeps it, drops it, or sends it from {@link
   * #onWritable}. Comes once for a target until {@code onWritable} has come.
   *
   * @param socket where it happened
   * @param target the target, or {@code null} for the connected peer
   */
  default void onCongestion(DgramSocket socket, @Nullable SocketAddress target) {}

  /**
   * Takes the news that a target may have room again, or that sending to it meets an error.
   *
   * @param socket where it happened
   * @param target the target, or {@code null} for the connected peer
   */
  default void onWritable(DgramSocket socket, @Nullable SocketAddress target) {}

  /**
   * Takes the end: the socket or the subscription was closed, or the peer of a connection has ended
   * it.
   *
   * @param socket the socket
   */
  default void onClose(DgramSocket socket) {}
}
