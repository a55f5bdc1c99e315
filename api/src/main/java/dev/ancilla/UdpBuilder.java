package dev.ancilla;

import dev.ancilla.engine.Names;
import dev.ancilla.engine.OpenUdp;
import dev.ancilla.engine.Opening;
import dev.ancilla.engine.UdpRules;
import dev.ancilla.spi.DgramTransport;
import dev.ancilla.spi.SocketKind;
import dev.ancilla.spi.UdpOptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.function.Predicate;

/**
 * Opens a UDP socket.
 *
 * <p>Not safe for use by several threads. May be used again after it has opened a socket.
 */
public final class UdpBuilder {
  private final Opening opening = new Opening(SocketKind.UDP);
  private Resolver resolver = Resolver.system();
  private Predicate<? super InetSocketAddress> targets = UdpRules.EVERYBODY;
  private Predicate<? super InetSocketAddress> senders = UdpRules.EVERYBODY;

  UdpBuilder() {}

  /**
   * Says which addresses the socket can have. Without it, {@link IpFamily#ANY}.
   *
   * @param family the family
   * @return this
   * @throws IllegalArgumentException if it is IPv4, and {@link #ipv6Only()} was asked for
   */
  public UdpBuilder family(IpFamily family) {
    opening.udp(options -> options.withFamily(family));
    return this;
  }

  /**
   * Leaves the IPv4 port to others ({@code IPV6_V6ONLY}, {@code ipv6(7)}): an IPv6 socket then
   * speaks with IPv6 peers alone. Needs {@link Feature#IPV6_ONLY}.
   *
   * @return this
   * @throws IllegalArgumentException if the {@linkplain #family family} is IPv4
   */
  public UdpBuilder ipv6Only() {
    opening.udp(UdpOptions::withIpv6Only, Feature.IPV6_ONLY);
    return this;
  }

  /**
   * Allows to bind to an address that another socket has which allows it too ({@code SO_REUSEADDR},
   * {@code socket(7)}). On Linux the last one that was bound then gets all messages to one
   * receiver, and each one gets those to a multicast group.
   *
   * @return this
   */
  public UdpBuilder reuseAddress() {
    opening.udp(UdpOptions::withReuseAddress);
    return this;
  }

  /**
   * Allows to bind to an address that other sockets of the same user have which allow it too; the
   * kernel deals messages out among them, those of one sender to one of them ({@code SO_REUSEPORT},
   * {@code socket(7)}). Needs {@link Feature#REUSE_PORT}.
   *
   * @return this
   */
  public UdpBuilder reusePort() {
    opening.udp(UdpOptions::withReusePort, Feature.REUSE_PORT);
    return this;
  }

  /**
   * Asks with each message for the address to which it was sent, the interface through which it
   * came, its hop limit and its traffic class. Needs {@link Feature#PACKET_INFO}.
   *
   * @return this
   * @see Ancillary#packetInfo()
   */
  public UdpBuilder packetInfo() {
    opening.udp(UdpOptions::withPacketInfo, Feature.PACKET_INFO);
    return this;
  }

  /**
   * Asks for the time at which the kernel took each message ({@code SO_TIMESTAMPNS}, {@code
   * socket(7)}). Needs {@link Feature#TIMESTAMPS}.
   *
   * @return this
   */
  public UdpBuilder timestamps() {
    opening.timestamps();
    return this;
  }

  /**
   * Bounds how many messages are taken from the kernel at a time; 64 without it, where the provider
   * has {@link Feature#BATCHES}.
   *
   * @param messages the number, 0 to 64; with 0 each is taken when somebody asks for it
   * @return this
   * @throws IllegalArgumentException if it is another number
   */
  public UdpBuilder prefetch(int messages) {
    opening.prefetch(messages);
    return this;
  }

  /**
   * Says who looks names up. Without it, {@link Resolver#system()}.
   *
   * @param resolver the resolver
   * @return this
   */
  public UdpBuilder resolver(Resolver resolver) {
    this.resolver = resolver;
    return this;
  }

  /**
   * Says to whom the socket may send and connect; what is for others is refused with {@code EPERM},
   * before any system call.
   *
   * @param allowed tells of a target whether it may be reached; called for each message, on the
   *     thread that sends, and must not block
   * @return this
   */
  public UdpBuilder allowTargets(Predicate<? super InetSocketAddress> allowed) {
    this.targets = allowed;
    return this;
  }

  /**
   * Says whose messages are received; those of others are dropped without a word.
   *
   * @param allowed tells of a sender whether it is heard; called for each message, on the thread
   *     that receives, and must not block
   * @return this
   */
  public UdpBuilder allowSenders(Predicate<? super InetSocketAddress> allowed) {
    this.senders = allowed;
    return this;
  }

  /**
   * Says how many bytes of a message to keep. Without it messages of any size arrive whole.
   *
   * @param bytes the limit, at least 1; a longer message is cut and {@link Datagram#truncated()}
   *     says so
   * @return this
   * @throws IllegalArgumentException if the limit is less than 1
   */
  public UdpBuilder limit(int bytes) {
    opening.limit(bytes);
    return this;
  }

  /**
   * Asks for a size of the kernel's send buffer.
   *
   * @param bytes the size, at least 1
   * @return this
   * @throws IllegalArgumentException if the size is less than 1
   */
  public UdpBuilder sendBufferSize(int bytes) {
    opening.sendBufferSize(bytes);
    return this;
  }

  /**
   * Asks for a size of the kernel's receive buffer. What does not fit it is lost.
   *
   * @param bytes the size, at least 1
   * @return this
   * @throws IllegalArgumentException if the size is less than 1
   */
  public UdpBuilder receiveBufferSize(int bytes) {
    opening.receiveBufferSize(bytes);
    return this;
  }

  /**
   * Asks for features: a provider without one of them is not taken.
   *
   * @param features what is needed
   * @return this
   */
  public UdpBuilder require(Feature... features) {
    opening.require(features);
    return this;
  }

  /**
   * Says which loop waits for the socket. Without it all sockets of a provider share one.
   *
   * @param loop a loop that {@link #newEventLoop} opened
   * @return this
   */
  public UdpBuilder eventLoop(EventLoop loop) {
    opening.eventLoop(loop);
    return this;
  }

  /**
   * Opens another loop on the provider that this builder would take.
   *
   * @param name the name of its thread
   * @return the loop
   * @throws UnsupportedFeatureException if no provider has what was asked for; where none offers
   *     this kind of socket at all, its superclass {@link UnsupportedOperationException}
   */
  public EventLoop newEventLoop(String name) {
    return opening.newEventLoop(name);
  }

  /**
   * Opens another loop that looks for work for a while before it sleeps, as {@link
   * UnixDgramBuilder#newEventLoop(String, Duration)} does. Needs {@link Feature#SPINNING}.
   *
   * @param name the name of its thread
   * @param spin for how long after the last message, at most 1 ms; commonly 50 µs
   * @return the loop
   * @throws IllegalArgumentException if the time is negative or longer
   * @throws UnsupportedFeatureException if no provider has what was asked for, as on a machine with
   *     one processor
   */
  public EventLoop newEventLoop(String name, Duration spin) {
    return opening.newEventLoop(name, spin);
  }

  /**
   * Opens a socket that is not bound; the first send binds it to an unused port.
   *
   * @return the socket, owned by the caller
   * @throws UnsupportedFeatureException if no provider has what was asked for; where none offers
   *     this kind of socket at all, its superclass {@link UnsupportedOperationException}
   * @throws IOException if the kernel refuses
   */
  public UdpSocket open() throws IOException {
    return over(opening.open());
  }

  private UdpSocket over(Opening.Opened<DgramTransport> opened) {
    return new OpenUdp(
        opened, new UdpRules(targets, senders), new Names(resolver, opening.family()));
  }

  /**
   * Opens a socket and binds it to all addresses.
   *
   * @param port the port, 0 to 65535; 0 for an unused one
   * @return the socket, owned by the caller
   * @throws IllegalArgumentException if it is another number
   * @throws UnsupportedFeatureException if no provider has what was asked for; where none offers
   *     this kind of socket at all, its superclass {@link UnsupportedOperationException}
   * @throws SocketOpException if the kernel refuses
   * @throws IOException if it fails otherwise
   */
  public UdpSocket bind(int port) throws IOException {
    return bind(new InetSocketAddress(port));
  }

  /**
   * Opens a socket and binds it.
   *
   * @param address the address, resolved; port 0 for an unused one
   * @return the socket, owned by the caller
   * @throws UnsupportedFeatureException if no provider has what was asked for; where none offers
   *     this kind of socket at all, its superclass {@link UnsupportedOperationException}
   * @throws SocketOpException if the kernel refuses
   * @throws IOException if it fails otherwise
   */
  public UdpSocket bind(InetSocketAddress address) throws IOException {
    UdpSocket socket = open();
    Opening.orClose(socket, () -> socket.bind(address));
    return socket;
  }

  /**
   * Opens a socket and connects it.
   *
   * @param address the peer, resolved
   * @return the socket, owned by the caller
   * @throws UnsupportedFeatureException if no provider has what was asked for; where none offers
   *     this kind of socket at all, its superclass {@link UnsupportedOperationException}
   * @throws SocketOpException if the kernel refuses
   * @throws IOException if it fails otherwise
   */
  public UdpSocket connect(InetSocketAddress address) throws IOException {
    UdpSocket socket = open();
    Opening.orClose(socket, () -> socket.tryConnect(address));
    return socket;
  }

  /**
   * Makes a socket of a descriptor that was opened elsewhere. It becomes non-blocking, for every
   * process that shares it. Needs {@link Feature#ADOPT}.
   *
   * @param descriptor a UDP socket; closed on success, untouched otherwise
   * @return the socket, owned by the caller
   * @throws UnsupportedFeatureException if no provider has what was asked for; where none offers
   *     this kind of socket at all, its superclass {@link UnsupportedOperationException}
   * @throws SocketOpException if the descriptor is something else: {@code ENOTSOCK}, {@code
   *     EPROTOTYPE}
   * @throws IOException if it fails otherwise
   */
  public UdpSocket adopt(OwnedFd descriptor) throws IOException {
    return over(opening.adopt(descriptor));
  }
}
