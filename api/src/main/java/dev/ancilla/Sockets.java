package dev.ancilla;

import dev.ancilla.engine.Providers;
import java.util.List;

/**
 * The entry: opens sockets.
 *
 * <p>Each method returns a builder, which ends in {@code open}, {@code bind}, {@code connect},
 * {@code listen}, {@code pair} or {@code adopt}. The provider is the one with the highest rank that
 * has what was asked for; {@code -Dancilla.provider=NAME} or the environment variable {@code
 * ANCILLA_PROVIDER} forces one for the kinds it offers.
 *
 * <pre>{@code
 * InetAddress loopback = InetAddress.getLoopbackAddress();
 * try (UdpSocket server = Sockets.udp().bind(new InetSocketAddress(loopback, 0));
 *     UdpSocket client = Sockets.udp().connect(server.localAddress())) {
 *   client.blocking().send(Message.of("hello"));
 *   try (Datagram datagram = server.blocking().receive()) {
 *     System.out.println(datagram.text() + " from " + datagram.sender());
 *   }
 * }
 * }</pre>
 */
public final class Sockets {
  private Sockets() {}

  /**
   * Begins a Unix datagram socket.
   *
   * @return its builder
   */
  public static UnixDgramBuilder unixDgram() {
    return new UnixDgramBuilder();
  }

  /**
   * Begins a Unix stream socket.
   *
   * @return its builder
   */
  public static UnixStreamBuilder unixStream() {
    return new UnixStreamBuilder();
  }

  /**
   * Begins a server of Unix streams.
   *
   * @return its builder
   */
  public static UnixServerBuilder unixServer() {
    return new UnixServerBuilder();
  }

  /**
   * Begins a UDP socket.
   *
   * @return its builder
   */
  public static UdpBuilder udp() {
    return new UdpBuilder();
  }

  /**
   * Tells which providers there are, and why one is not available.
   *
   * @return the providers, highest rank first
   */
  public static List<ProviderInfo> providers() {
    return Providers.describe();
  }
}
