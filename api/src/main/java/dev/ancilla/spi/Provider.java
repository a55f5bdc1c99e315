package dev.ancilla.spi;

import dev.ancilla.EventLoop;
import dev.ancilla.Feature;
import dev.ancilla.OwnedFd;
import dev.ancilla.UnsupportedFeatureException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One way to reach the kernel, found with {@link java.util.ServiceLoader}.
 *
 * <p>Constructing a provider must be cheap and must not throw because the platform lacks something:
 * {@link #unavailable()} tells that.
 */
public interface Provider {
  /**
   * Returns the name, as {@code -Dancilla.provider} takes it.
   *
   * @return the name, such as {@code native-junix}
   */
  String name();

  /**
   * Returns the rank: of several providers with a kind and its features the highest is taken.
   *
   * @return the rank
   */
  int priority();

  /**
   * Tells why this provider cannot work here.
   *
   * @return the reason, or {@code null} if it can work
   */
  @Nullable String unavailable();

  /**
   * Returns the kinds of socket it offers.
   *
   * @return the kinds
   */
  Set<SocketKind> kinds();

  /**
   * Returns what it can do.
   *
   * @param kind a kind it offers
   * @return the features of that kind
   */
  Set<Feature> features(SocketKind kind);

  /**
   * Returns how many descriptors a message can bring here.
   *
   * @return the most that {@code maxDescriptors} may ask for; 0 without {@link Feature#FD_PASSING}
   */
  int descriptorLimit();

  /**
   * Opens a loop; no thread starts yet.
   *
   * @param name the name of its thread
   * @return the loop
   */
  EventLoop openLoop(String name);

  /**
   * Opens a loop that looks for work for a while before it sleeps; no thread starts yet.
   *
   * @param name the name of its thread
   * @param spin for how long, more than zero
   * @return the loop
   * @throws UnsupportedFeatureException without {@link Feature#SPINNING}
   */
  default EventLoop openLoop(String name, Duration spin) {
    throw new UnsupportedFeatureException(
        Feature.SPINNING, name(), "newEventLoop(" + name + ", " + spin + ")");
  }

  /**
   * Opens a datagram socket, non-blocking and close-on-exec.
   *
   * @param kind the kind, one that it offers, but UDP, which {@link #openUdp} opens
   * @param loop a loop that this provider opened
   * @param options what was asked for
   * @return the transport; of {@link SocketKind#UNIX_SEQPACKET} a {@link SeqpacketTransport}, as
   *     with the two methods below
   * @throws IOException if the kernel refuses
   */
  DgramTransport openDgram(SocketKind kind, EventLoop loop, DgramOptions options)
      throws IOException;

  /**
   * Opens a UDP socket, non-blocking and close-on-exec; of providers that offer {@link
   * SocketKind#UDP}.
   *
   * @param loop a loop that this provider opened
   * @param options what was asked for that all message sockets have
   * @param udp what was asked for beside
   * @return the transport
   * @throws IOException if the kernel refuses
   */
  default UdpTransport openUdp(EventLoop loop, DgramOptions options, UdpOptions udp)
      throws IOException {
    throw new UnsupportedOperationException("open: provider " + name() + " has no UDP");
  }

  /**
   * Makes a UDP socket of a descriptor that was opened elsewhere. On success the transport has its
   * own and the given one is closed; on failure nothing has changed.
   *
   * @param loop a loop that this provider opened
   * @param options as for {@link #openUdp}
   * @param udp as for {@link #openUdp}; the family is the descriptor's own
   * @param fd the descriptor
   * @return the transport
   * @throws UnsupportedFeatureException without {@link Feature#ADOPT}
   * @throws IOException if the descriptor is not such a socket
   */
  default UdpTransport adoptUdp(EventLoop loop, DgramOptions options, UdpOptions udp, OwnedFd fd)
      throws IOException {
    throw new UnsupportedFeatureException(Feature.ADOPT, name(), "adopt " + fd);
  }

  /**
   * Makes a datagram socket of a descriptor that was opened elsewhere. On success the transport has
   * its own and the given one is closed; on failure nothing has changed.
   *
   * @param kind the kind, one that it offers
   * @param loop a loop that this provider opened
   * @param options as for {@link #openDgram}
   * @param fd the descriptor
   * @return the transport
   * @throws IOException if the descriptor is not such a socket
   */
  DgramTransport adoptDgram(SocketKind kind, EventLoop loop, DgramOptions options, OwnedFd fd)
      throws IOException;

  /**
   * Opens two datagram sockets that are connected to each other.
   *
   * @param kind the kind, one that it offers
   * @param loop a loop that this provider opened
   * @param options as for {@link #openDgram}
   * @return two transports
   * @throws IOException if the kernel refuses
   */
  List<DgramTransport> pairDgram(SocketKind kind, EventLoop loop, DgramOptions options)
      throws IOException;

  /**
   * Opens a stream socket, non-blocking and close-on-exec.
   *
   * @param loop a loop that this provider opened
   * @param options what was asked for
   * @return the transport
   * @throws IOException if the kernel refuses
   * @throws UnsupportedOperationException without {@link SocketKind#UNIX_STREAM}
   */
  default StreamTransport openStream(EventLoop loop, StreamOptions options) throws IOException {
    throw withoutStreams("open");
  }

  /**
   * Makes a stream socket of a descriptor that was opened elsewhere. On success the transport has
   * its own and the given one is closed; on failure nothing has changed.
   *
   * @param loop a loop that this provider opened
   * @param options as for {@link #openStream}
   * @param fd the descriptor
   * @return the transport
   * @throws IOException if the descriptor is not such a socket
   * @throws UnsupportedOperationException without {@link SocketKind#UNIX_STREAM}
   */
  default StreamTransport adoptStream(EventLoop loop, StreamOptions options, OwnedFd fd)
      throws IOException {
    throw withoutStreams("adopt");
  }

  /**
   * Opens two stream sockets that are connected to each other.
   *
   * @param loop a loop that this provider opened
   * @param options as for {@link #openStream}
   * @return two transports
   * @throws IOException if the kernel refuses
   * @throws UnsupportedOperationException without {@link SocketKind#UNIX_STREAM}
   */
  default List<StreamTransport> pairStream(EventLoop loop, StreamOptions options)
      throws IOException {
    throw withoutStreams("pair");
  }

  /**
   * Opens the socket of a server, non-blocking and close-on-exec. It neither is bound nor listens.
   *
   * @param loop a loop that this provider opened, also of the sockets that it accepts
   * @param options of the sockets that it accepts
   * @return the transport
   * @throws IOException if the kernel refuses
   * @throws UnsupportedOperationException without {@link SocketKind#UNIX_STREAM}
   */
  default ServerTransport openServer(EventLoop loop, StreamOptions options) throws IOException {
    throw withoutStreams("listen");
  }

  /**
   * Makes a server of a descriptor that listens, as {@link #adoptStream} does of a stream.
   *
   * @param loop a loop that this provider opened
   * @param options of the sockets that it accepts
   * @param fd the descriptor
   * @return the transport
   * @throws IOException if the descriptor is not a stream socket that listens
   * @throws UnsupportedOperationException without {@link SocketKind#UNIX_STREAM}
   */
  default ServerTransport adoptServer(EventLoop loop, StreamOptions options, OwnedFd fd)
      throws IOException {
    throw withoutStreams("adopt");
  }

  /**
   * Opens the socket of a server of sequenced packets, as {@link #openServer} does of streams. It
   * accepts {@link SeqpacketTransport}s.
   *
   * @param loop a loop that this provider opened, also of the sockets that it accepts
   * @param options of the sockets that it accepts
   * @return the transport
   * @throws IOException if the kernel refuses
   * @throws UnsupportedOperationException without {@link SocketKind#UNIX_SEQPACKET}
   */
  default ServerTransport openSeqpacketServer(EventLoop loop, DgramOptions options)
      throws IOException {
    throw without(SocketKind.UNIX_SEQPACKET, "listen");
  }

  /**
   * Makes a server of sequenced packets of a descriptor that listens, as {@link #adoptServer} does
   * of streams.
   *
   * @param loop a loop that this provider opened
   * @param options of the sockets that it accepts
   * @param fd the descriptor
   * @return the transport
   * @throws IOException if the descriptor is not such a socket that listens
   * @throws UnsupportedOperationException without {@link SocketKind#UNIX_SEQPACKET}
   */
  default ServerTransport adoptSeqpacketServer(EventLoop loop, DgramOptions options, OwnedFd fd)
      throws IOException {
    throw without(SocketKind.UNIX_SEQPACKET, "adopt");
  }

  private UnsupportedOperationException withoutStreams(String request) {
    return without(SocketKind.UNIX_STREAM, request);
  }

  private UnsupportedOperationException without(SocketKind kind, String request) {
    return new UnsupportedOperationException(
        request + " " + kind + ": provider " + name() + " has none");
  }

  /**
   * Returns how it opens descriptors.
   *
   * @return the descriptors, or {@code null} without {@link Feature#FD_PASSING}
   */
  @Nullable Descriptors descriptors();
}
