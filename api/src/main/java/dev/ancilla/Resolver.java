package dev.ancilla;

import dev.ancilla.engine.SystemResolver;
import java.net.InetAddress;
import java.util.concurrent.CompletionStage;

/**
 * Looks names up for a UDP socket: where to bind, to connect, to send. It is asked each time, and
 * may remember what it found; literals such as {@code 127.0.0.1} or {@code fe80::1%eth0} it is
 * never asked for.
 *
 * <p><b>Threading.</b> Called on the thread that sends; must not block, and completes its stage on
 * any thread. A stage that never completes holds up the sends to that name, and no others; closing
 * the socket ends them.
 *
 * <p><b>Cancelling.</b> When the call that asked is given up, its stage is cancelled if it is a
 * {@link java.util.concurrent.Future}.
 *
 * <pre>{@code
 * Resolver fixed =
 *     (host, family) -> CompletableFuture.completedFuture(InetAddress.getLoopbackAddress());
 * try (UdpSocket socket = Sockets.udp().resolver(fixed).bind(0)) {
 *   int port = socket.localAddress().getPort();
 *   socket.blocking().send(Message.of("hello").to(InetSocketAddress.createUnresolved("me", port)));
 *   try (Datagram datagram = socket.blocking().receive()) {
 *     System.out.println(datagram.text());
 *   }
 * }
 * }</pre>
 */
@FunctionalInterface
public interface Resolver {
  /**
   * Looks a name up.
   *
   * @param host the name
   * @param family what the socket can use
   * @return a stage with an address of that family, or with the reason why there is none; of this
   *     call alone, for it is cancelled with it: of one that calls share, a {@link
   *     java.util.concurrent.CompletableFuture#copy() copy}
   */
  CompletionStage<InetAddress> resolve(String host, IpFamily family);

  /**
   * Returns the resolver of the platform, as {@link InetAddress#getAllByName} has it, on daemon
   * threads of its own. Takes the first address of the family.
   *
   * @return the resolver that sockets have which were given no other
   */
  static Resolver system() {
    return SystemResolver.INSTANCE;
  }
}
