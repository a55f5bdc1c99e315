package dev.ancilla;

import dev.ancilla.engine.Inheritance;
import dev.ancilla.engine.OpenSeqpacket;
import dev.ancilla.engine.OpenStream;
import dev.ancilla.engine.Providers;
import dev.ancilla.spi.SocketKind;
import java.io.IOException;
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
  public static UnixServerBuilder<StreamSocket> unixServer() {
    return new UnixServerBuilder<>(SocketKind.UNIX_STREAM, OpenStream::accepted);
  }

  /**
   * Begins a Unix sequenced-packet socket.
   *
   * @return its builder
   */
  public static UnixSeqpacketBuilder unixSeqpacket() {
    return new UnixSeqpacketBuilder();
  }

  /**
   * Begins a server of Unix sequenced packets.
   *
   * @return its builder
   */
  public static UnixServerBuilder<UnixSeqpacketSocket> unixSeqpacketServer() {
    return new UnixServerBuilder<>(SocketKind.UNIX_SEQPACKET, OpenSeqpacket::accepted);
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
   * Takes the descriptors that a supervisor started this process with, as {@code sd_listen_fds(3)}
   * does: as many as {@code LISTEN_FDS} says, from number 3 on, if {@code LISTEN_PID} is this
   * process, with their names of {@code LISTEN_FDNAMES}. They become close-on-exec.
   *
   * <p>They are given out once, for each has one owner: later calls return an empty list, from
   * whichever thread.
   *
   * @return the descriptors in their order, owned by the caller; none if nobody left any to this
   *     process
   * @throws UnsupportedFeatureException if there are some, and no provider has {@link
   *     Feature#INHERITANCE}
   * @throws SocketOpException {@code EINVAL} if a variable is not as it should be, {@code EBADF} if
   *     a descriptor is not open; nothing was taken then
   * @throws IOException if it fails otherwise
   */
  public static List<InheritedFd> inherited() throws IOException {
    return Inheritance.take();
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
