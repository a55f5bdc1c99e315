package dev.ancilla;

import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The calls of a message socket that return futures.
 *
 * <p><b>Threading.</b> From any thread. A future completes on the event loop, never inside the call
 * that made it, so a completion may start the next call without the stack growing. What depends on
 * a future runs there too and must not block; use the {@code …Async} methods with an executor for
 * what does.
 *
 * <p><b>Order.</b> Receives complete in the order in which they were started. So do sends to one
 * target; a full target holds up no other.
 *
 * <p><b>Cancelling</b> a future that these calls returned ends its wait, and so does completing it
 * otherwise ({@code orTimeout}): a receive has then received nothing, a send has sent nothing,
 * except that of a batch what was sent has left it. When the message is already on its way the
 * future can no longer be cancelled, and completes. Cancelling a dependent stage does not reach the
 * wait, as everywhere with {@link CompletableFuture}.
 *
 * <p><b>Errors.</b> A future completes exceptionally with what the blocking call would throw.
 *
 * <pre>{@code
 * InetAddress loopback = InetAddress.getLoopbackAddress();
 * try (UdpSocket socket = Sockets.udp().bind(new InetSocketAddress(loopback, 0))) {
 *   CompletableFuture<String> text =
 *       socket
 *           .async()
 *           .receive()
 *           .thenApply(
 *               datagram -> {
 *                 try (datagram) {
 *                   return datagram.text();
 *                 }
 *               });
 *   socket.async().send(Message.of("hello").to(socket.localAddress())).join();
 *   System.out.println(text.join());
 * }
 * }</pre>
 */
public interface AsyncDgram {
  /**
   * Receives the next message.
   *
   * @return a future of the message, which the caller closes
   */
  CompletableFuture<Datagram> receive();

  /**
   * Sends a message, once its target has room.
   *
   * @param message the message; its descriptors are held until the future completes
   * @return a future that completes when the kernel has the message
   */
  CompletableFuture<Void> send(Message message);

  /**
   * Sends a datagram, once its target has room.
   *
   * @param payload the bytes from position to limit, which must not change until the future
   *     completes; the buffer's own position does not change
   * @param target where to, or {@code null} for the connected peer
   * @return a future that completes when the kernel has the datagram
   */
  default CompletableFuture<Void> send(ByteBuffer payload, @Nullable SocketAddress target) {
    return send(Message.of(payload).to(target));
  }

  /**
   * Receives what is there, at least one message, in turn with the other receives.
   *
   * @param batch where to; not to be touched until the future completes
   * @return a future of how many messages came
   */
  CompletableFuture<Integer> receiveBatch(ReceiveBatch batch);

  /**
   * Sends all messages of a batch, as their targets have room. Its sends are not put in order with
   * other sends to the same targets.
   *
   * @param batch the messages; not to be touched until the future completes
   * @return a future that completes when the kernel has all of them; those that were sent leave the
   *     batch, also when it completes exceptionally
   */
  CompletableFuture<Void> send(SendBatch batch);

  /**
   * Binds the socket to an address.
   *
   * @param address the address; of UDP also a name that is not resolved
   * @return a future that completes when the socket is bound
   */
  CompletableFuture<Void> bind(SocketAddress address);

  /**
   * Connects the socket to a peer.
   *
   * @param address the peer; of UDP also a name that is not resolved
   * @return a future that completes when the socket is connected
   */
  CompletableFuture<Void> connect(SocketAddress address);
}
