package dev.ancilla.engine;

import dev.ancilla.Errno;
import dev.ancilla.EventLoop;
import dev.ancilla.Feature;
import dev.ancilla.IpFamily;
import dev.ancilla.OwnedFd;
import dev.ancilla.Socket;
import dev.ancilla.SocketOpException;
import dev.ancilla.UnixAddress;
import dev.ancilla.UnixConnection;
import dev.ancilla.UnixDgramBuilder;
import dev.ancilla.spi.DgramOptions;
import dev.ancilla.spi.DgramTransport;
import dev.ancilla.spi.Interest;
import dev.ancilla.spi.Provider;
import dev.ancilla.spi.ServerTransport;
import dev.ancilla.spi.SocketKind;
import dev.ancilla.spi.StreamOptions;
import dev.ancilla.spi.StreamTransport;
import dev.ancilla.spi.Transport;
import dev.ancilla.spi.UdpOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** What the builders share: choosing the provider and opening the transport. */
public final class Opening {
  /** Longer would only waste a processor: a sleeping loop is awake within some 50 µs. */
  private static final Duration MAX_SPIN = Duration.ofMillis(1);

  private final SocketKind kind;
  private final Set<Feature> needed = EnumSet.noneOf(Feature.class);
  private DgramOptions options = DgramOptions.DEFAULT;
  private UdpOptions udp = UdpOptions.DEFAULT;
  private int limit = Integer.MAX_VALUE;
  private int sendBufferSize;
  private int receiveBufferSize;
  private @Nullable EventLoop loop;

  /**
   * A transport, with what its socket needs to know.
   *
   * @param <T> the type of the transport
   * @param transport the transport, owned by the socket
   * @param provider who opened it
   * @param features what it can do
   * @param limit the most bytes of a message to keep
   * @param maxDescriptors how many descriptors a message may bring
   */
  public record Opened<T extends Transport>(
      T transport, String provider, Set<Feature> features, int limit, int maxDescriptors) {
    /** Another transport of the same provider, opened with the same options. */
    <U extends Transport> Opened<U> with(U other) {
      return new Opened<>(other, provider, features, limit, maxDescriptors);
    }
  }

  /** A step that may fail. */
  @FunctionalInterface
  public interface Step {
    /**
     * Runs it.
     *
     * @throws IOException if it fails
     */
    void run() throws IOException;
  }

  /**
   * Creates the state of a builder.
   *
   * @param kind what it opens
   */
  public Opening(SocketKind kind) {
    this.kind = kind;
  }

  /**
   * Runs a step, and closes the socket if it fails.
   *
   * @param socket the socket
   * @param step the step
   * @throws IOException what the step threw
   */
  public static void orClose(Socket socket, Step step) throws IOException {
    boolean done = false;
    try {
      step.run();
      done = true;
    } finally {
      if (!done) {
        socket.close();
      }
    }
  }

  /**
   * Connects a socket without waiting, and closes it if that fails.
   *
   * @param socket the socket
   * @param address the server's address
   * @throws IOException if the kernel refuses, also because the server's backlog is full
   */
  public static void connectNow(UnixConnection socket, UnixAddress address) throws IOException {
    orClose(
        socket,
        () -> {
          if (!socket.tryConnect(address)) {
            throw new SocketOpException(
                "connect", Errno.EAGAIN, "the server's backlog is full", null, address);
          }
        });
  }

  /**
   * Changes what is asked of the provider.
   *
   * @param change the change, checked by the builder
   * @param features those it needs
   */
  public void options(UnaryOperator<DgramOptions> change, Feature... features) {
    options = change.apply(options);
    require(features);
  }

  /**
   * Changes what is asked of the provider for UDP.
   *
   * @param change the change
   * @param features those it needs
   */
  public void udp(UnaryOperator<UdpOptions> change, Feature... features) {
    UdpOptions changed = change.apply(udp);
    if (changed.ipv6Only() && changed.family() == IpFamily.IPV4) {
      throw new IllegalArgumentException("a socket is of IPv4, or of IPv6 only: not both");
    }
    udp = changed;
    require(features);
  }

  /**
   * Returns which addresses a UDP socket is asked to have.
   *
   * @return the family
   */
  public IpFamily family() {
    return udp.family();
  }

  /** Asks for the time of each message. */
  public void timestamps() {
    options(DgramOptions::withTimestamps, Feature.TIMESTAMPS);
  }

  /**
   * Sets how many messages are taken at a time.
   *
   * @param messages the number
   */
  public void prefetch(int messages) {
    if (messages < 0 || messages > DgramOptions.MAX_PREFETCH) {
      throw new IllegalArgumentException(
          "prefetch is " + messages + ", not within 0.." + DgramOptions.MAX_PREFETCH);
    }
    options(options -> options.withPrefetch(messages));
  }

  /**
   * Sets how many descriptors a message may bring.
   *
   * @param count how many
   */
  public void maxDescriptors(int count) {
    if (count < 0 || count > UnixDgramBuilder.DESCRIPTORS_PER_MESSAGE) {
      throw new IllegalArgumentException(
          "maxDescriptors is "
              + count
              + ", not within 0.."
              + UnixDgramBuilder.DESCRIPTORS_PER_MESSAGE);
    }
    options(asked -> asked.withMaxDescriptors(count));
  }

  /**
   * Sets how many bytes of a message to keep.
   *
   * @param bytes the limit
   */
  public void limit(int bytes) {
    limit = atLeastOne("limit", bytes);
  }

  /**
   * Sets the send buffer size.
   *
   * @param bytes the size
   */
  public void sendBufferSize(int bytes) {
    sendBufferSize = atLeastOne("sendBufferSize", bytes);
  }

  /**
   * Sets the receive buffer size.
   *
   * @param bytes the size
   */
  public void receiveBufferSize(int bytes) {
    receiveBufferSize = atLeastOne("receiveBufferSize", bytes);
  }

  /**
   * Adds needed features.
   *
   * @param features the features
   */
  public void require(Feature... features) {
    Collections.addAll(needed, features);
  }

  /**
   * Sets the loop.
   *
   * @param loop a loop of the provider
   */
  public void eventLoop(EventLoop loop) {
    this.loop = loop;
  }

  /**
   * Opens a loop on the chosen provider.
   *
   * @param name the name of its thread
   * @return the loop
   */
  public EventLoop newEventLoop(String name) {
    return choose("newEventLoop(" + name + ")").openLoop(name);
  }

  /**
   * Opens a loop that spins, on a provider that has such.
   *
   * @param name the name of its thread
   * @param spin for how long it looks for work before it sleeps
   * @return the loop
   */
  public EventLoop newEventLoop(String name, Duration spin) {
    if (spin.isNegative() || spin.compareTo(MAX_SPIN) > 0) {
      throw new IllegalArgumentException(
          "newEventLoop " + name + ": spin is " + spin + ", not within 0.." + MAX_SPIN);
    }
    if (spin.isZero()) {
      return newEventLoop(name);
    }
    String request = "newEventLoop(" + name + ", " + spin + ")";
    return choose(request, Feature.SPINNING).openLoop(name, spin);
  }

  /** What a provider opens. */
  @FunctionalInterface
  private interface Opener<T> {
    T open(Provider provider, EventLoop loop) throws IOException;
  }

  /**
   * Opens a transport of messages.
   *
   * @return the transport
   * @throws IOException if the kernel refuses
   */
  public Opened<DgramTransport> open() throws IOException {
    return open(
        "open",
        (provider, loop) ->
            kind == SocketKind.UDP
                ? provider.openUdp(loop, options, udp)
                : provider.openDgram(kind, loop, options));
  }

  /**
   * Adopts a descriptor as a transport of messages.
   *
   * @param descriptor the descriptor
   * @return the transport
   * @throws IOException if it is no such socket
   */
  public Opened<DgramTransport> adopt(OwnedFd descriptor) throws IOException {
    return adopt(
        descriptor,
        (provider, loop) ->
            kind == SocketKind.UDP
                ? provider.adoptUdp(loop, options, udp, descriptor)
                : provider.adoptDgram(kind, loop, options, descriptor));
  }

  /**
   * Opens two connected transports of messages.
   *
   * @return both
   * @throws IOException if the kernel refuses
   */
  public List<Opened<DgramTransport>> pair() throws IOException {
    return pair((provider, loop) -> provider.pairDgram(kind, loop, options));
  }

  /**
   * Opens a transport of bytes.
   *
   * @return the transport
   * @throws IOException if the kernel refuses
   */
  public Opened<StreamTransport> openStream() throws IOException {
    return open("open", (provider, loop) -> provider.openStream(loop, streamOptions()));
  }

  /**
   * Adopts a descriptor as a transport of bytes.
   *
   * @param descriptor the descriptor
   * @return the transport
   * @throws IOException if it is no such socket
   */
  public Opened<StreamTransport> adoptStream(OwnedFd descriptor) throws IOException {
    return adopt(
        descriptor, (provider, loop) -> provider.adoptStream(loop, streamOptions(), descriptor));
  }

  /**
   * Opens two connected transports of bytes.
   *
   * @return both
   * @throws IOException if the kernel refuses
   */
  public List<Opened<StreamTransport>> pairStream() throws IOException {
    return pair((provider, loop) -> provider.pairStream(loop, streamOptions()));
  }

  /**
   * Opens the transport of a server, which does not listen yet.
   *
   * @return the transport
   * @throws IOException if the kernel refuses
   */
  public Opened<ServerTransport> openServer() throws IOException {
    return open(
        "listen",
        (provider, loop) ->
            kind == SocketKind.UNIX_SEQPACKET
                ? provider.openSeqpacketServer(loop, options)
                : provider.openServer(loop, streamOptions()));
  }

  /**
   * Adopts a descriptor as the transport of a server.
   *
   * @param descriptor the descriptor
   * @return the transport
   * @throws IOException if it is no socket that listens
   */
  public Opened<ServerTransport> adoptServer(OwnedFd descriptor) throws IOException {
    return adopt(
        descriptor,
        (provider, loop) ->
            kind == SocketKind.UNIX_SEQPACKET
                ? provider.adoptSeqpacketServer(loop, options, descriptor)
                : provider.adoptServer(loop, streamOptions(), descriptor));
  }

  private StreamOptions streamOptions() {
    return new StreamOptions(options.maxDescriptors());
  }

  private <T extends Transport> Opened<T> open(String request, Opener<T> opener)
      throws IOException {
    Provider provider = choose(request);
    return opened(provider, opener.open(provider, loopFor(provider)));
  }

  private <T extends Transport> Opened<T> adopt(OwnedFd descriptor, Opener<T> opener)
      throws IOException {
    Provider provider = choose("adopt " + descriptor, Feature.ADOPT);
    return opened(provider, opener.open(provider, loopFor(provider)));
  }

  private <T extends Transport> List<Opened<T>> pair(Opener<List<T>> opener) throws IOException {
    Provider provider = choose("pair");
    List<T> ends = opener.open(provider, loopFor(provider));
    Opened<T> left;
    try {
      left = opened(provider, ends.get(0));
    } catch (IOException | RuntimeException e) {
      ends.get(1).close();
      throw e;
    }
    try {
      return List.of(left, opened(provider, ends.get(1)));
    } catch (IOException | RuntimeException e) {
      left.transport().close();
      throw e;
    }
  }

  private Provider choose(String request, Feature... alsoNeeded) {
    Set<Feature> all = EnumSet.copyOf(needed.isEmpty() ? EnumSet.noneOf(Feature.class) : needed);
    Collections.addAll(all, alsoNeeded);
    int descriptors = options.maxDescriptors();
    if (descriptors > 0) {
      all.add(Feature.FD_PASSING);
      request += " with maxDescriptors(" + descriptors + ")";
    }
    Provider provider = Providers.choose(kind, all, request + " " + kind);
    if (descriptors > provider.descriptorLimit()) {
      all.add(Feature.MANY_DESCRIPTORS);
      provider = Providers.choose(kind, all, request + " " + kind);
    }
    return provider;
  }

  private EventLoop loopFor(Provider provider) {
    EventLoop chosen = loop;
    return chosen == null ? Providers.loopOf(provider) : chosen;
  }

  private <T extends Transport> Opened<T> opened(Provider provider, T transport)
      throws IOException {
    boolean done = false;
    try {
      if (sendBufferSize > 0) {
        transport.bufferSize(Interest.WRITE, sendBufferSize);
      }
      if (receiveBufferSize > 0) {
        transport.bufferSize(Interest.READ, receiveBufferSize);
      }
      done = true;
    } finally {
      if (!done) {
        transport.close();
      }
    }
    return new Opened<>(
        transport,
        provider.name(),
        Set.copyOf(provider.features(kind)),
        limit,
        options.maxDescriptors());
  }

  static int atLeastOne(String what, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(what + " is " + value + ", less than 1");
    }
    return value;
  }
}
