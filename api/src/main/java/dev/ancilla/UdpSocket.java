package dev.ancilla;

import dev.ancilla.engine.Interfaces;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A UDP socket over IPv4 or IPv6, to one peer, to all of a network, or to a multicast group.
 *
 * <p>See {@link DgramSocket} for what differs from Unix datagrams. A socket that is not bound is
 * bound to an unused port of all addresses by its first send, by connecting, and by joining a
 * group; one that only receives waits until it is bound. An address that is a name ({@link
 * InetSocketAddress#createUnresolved}) is looked up by the {@linkplain UdpBuilder#resolver
 * resolver}, by the calls that can wait; those that try refuse it.
 *
 * <p><b>Errors.</b> A connected socket is told when nobody has the peer's port, by {@code
 * ECONNREFUSED} from a later call; it can be used further. Options of a socket that can have both
 * families are set for both.
 *
 * <pre>{@code
 * InetAddress group = InetAddress.getByName("239.1.2.3");
 * NetworkInterface loopback = UdpSocket.interfaceOf("127.0.0.1");
 * try (UdpSocket listener = Sockets.udp().bind(0);
 *     UdpSocket speaker = Sockets.udp().open();
 *     Membership membership = listener.join(group, loopback)) {
 *   speaker.multicastInterface(loopback);
 *   int port = listener.localAddress().getPort();
 *   speaker.blocking().send(Message.of("to all").to(new InetSocketAddress(group, port)));
 *   try (Datagram datagram = listener.blocking().receive()) {
 *     System.out.println(datagram.text() + " in " + membership.group());
 *   }
 * }
 * }</pre>
 */
public interface UdpSocket extends DgramSocket {
  @Override
  InetSocketAddress localAddress() throws IOException;

  @Override
  @Nullable InetSocketAddress remoteAddress() throws IOException;

  /**
   * Looks an address up that is a name, with this socket's resolver.
   *
   * @param address a name or literal and a port; what is resolved stays as it is
   * @return a stage with the address; it fails with {@link java.net.UnknownHostException} if the
   *     resolver found none, and with {@link ClosedChannelException} if this socket is closed
   *     meanwhile
   */
  CompletionStage<InetSocketAddress> resolve(InetSocketAddress address);

  /**
   * Joins a multicast group, on the interface that the kernel chooses by its routes. A socket that
   * is not bound is bound.
   *
   * @param group the group
   * @return the membership
   * @throws IOException as {@link #join(InetAddress, NetworkInterface)}
   */
  Membership join(InetAddress group) throws IOException;

  /**
   * Joins a multicast group on an interface. A socket that is not bound is bound.
   *
   * @param group the group
   * @param on the interface
   * @return the membership
   * @throws IllegalArgumentException if that is no multicast address
   * @throws ClosedChannelException if this socket is closed
   * @throws SocketOpException if the kernel refuses: {@code EADDRINUSE} if this socket is in the
   *     group already, {@code EAFNOSUPPORT} if the group is of another family, {@code ENODEV} if
   *     there is no such interface
   * @throws IOException if it fails otherwise
   */
  Membership join(InetAddress group, NetworkInterface on) throws IOException;

  /**
   * Joins a multicast group on an interface, for the messages of one source. A socket that is not
   * bound is bound.
   *
   * @param group the group
   * @param on the interface
   * @param source whose messages to receive
   * @return the membership
   * @throws IllegalArgumentException if the group is no multicast address, or the source is of
   *     another family or no sender's address
   * @throws SocketOpException as {@link #join(InetAddress, NetworkInterface)}, but {@code
   *     EADDRNOTAVAIL} if this socket receives from that source already
   * @throws IOException if it fails otherwise
   */
  Membership join(InetAddress group, NetworkInterface on, InetAddress source) throws IOException;

  /**
   * Joins a multicast group on every interface that is up and can do it, or on none if one refuses.
   *
   * @param group the group
   * @return the memberships, at least one
   * @throws SocketOpException as {@link #join(InetAddress, NetworkInterface)}, {@code ENODEV} if
   *     there is no such interface
   * @throws IOException if it fails otherwise
   */
  List<Membership> joinAll(InetAddress group) throws IOException;

  /**
   * Joins a multicast group on every interface that is up and can do it, for the messages of one
   * source, or on none if one refuses.
   *
   * @param group the group
   * @param source whose messages to receive
   * @return the memberships, at least one
   * @throws SocketOpException as {@link #join(InetAddress, NetworkInterface, InetAddress)}, {@code
   *     ENODEV} if there is no such interface
   * @throws IOException if it fails otherwise
   */
  List<Membership> joinAll(InetAddress group, InetAddress source) throws IOException;

  /**
   * Returns the interface through which multicast leaves.
   *
   * @return the interface that was set, or {@code null} if the kernel chooses by its routes
   * @throws ClosedChannelException if this socket is closed
   * @throws IOException if the kernel refuses
   */
  @Nullable NetworkInterface multicastInterface() throws IOException;

  /**
   * Says through which interface multicast leaves. The scope of a target's address goes before it.
   *
   * @param through the interface, for instance that of {@link #interfaceOf}
   * @throws ClosedChannelException if this socket is closed
   * @throws IOException if the kernel refuses
   */
  void multicastInterface(NetworkInterface through) throws IOException;

  /**
   * Leaves it to the kernel again through which interface multicast leaves.
   *
   * @throws UnsupportedFeatureException without {@link Feature#MULTICAST_INTERFACE_RESET}
   * @throws ClosedChannelException if this socket is closed
   * @throws IOException if the kernel refuses
   */
  void resetMulticastInterface() throws IOException;

  /**
   * Returns how many hops multicast may go.
   *
   * @return the number; 1, which stays in the network, if it was not set
   * @throws ClosedChannelException if this socket is closed
   * @throws IOException if the kernel refuses
   */
  int multicastTtl() throws IOException;

  /**
   * Says how many hops multicast may go.
   *
   * @param hops the number, 0 to 255; 0 stays on this machine
   * @throws IllegalArgumentException if it is another number
   * @throws ClosedChannelException if this socket is closed
   * @throws IOException if the kernel refuses
   */
  void multicastTtl(int hops) throws IOException;

  /**
   * Tells whether multicast that is sent here reaches the group's members on this machine.
   *
   * @return whether it does, {@code true} if it was not set
   * @throws ClosedChannelException if this socket is closed
   * @throws IOException if the kernel refuses
   */
  boolean multicastLoopback() throws IOException;

  /**
   * Says whether multicast that is sent here reaches the group's members on this machine.
   *
   * @param on whether it shall
   * @throws ClosedChannelException if this socket is closed
   * @throws IOException if the kernel refuses
   */
  void multicastLoopback(boolean on) throws IOException;

  /**
   * Returns how many hops a message to one receiver may go.
   *
   * @return the number
   * @throws UnsupportedFeatureException without {@link Feature#UNICAST_TTL}
   * @throws ClosedChannelException if this socket is closed
   * @throws IOException if the kernel refuses
   */
  int ttl() throws IOException;

  /**
   * Says how many hops a message to one receiver may go ({@code IP_TTL}, {@code
   * IPV6_UNICAST_HOPS}).
   *
   * @param hops the number, 1 to 255
   * @throws IllegalArgumentException if it is another number
   * @throws UnsupportedFeatureException without {@link Feature#UNICAST_TTL}
   * @throws ClosedChannelException if this socket is closed
   * @throws IOException if the kernel refuses
   */
  void ttl(int hops) throws IOException;

  /**
   * Tells whether messages may go to broadcast addresses.
   *
   * @return whether they may, {@code false} if it was not set
   * @throws ClosedChannelException if this socket is closed
   * @throws IOException if the kernel refuses
   */
  boolean broadcast() throws IOException;

  /**
   * Says whether messages may go to broadcast addresses ({@code SO_BROADCAST}); else the kernel
   * refuses them with {@code EACCES}.
   *
   * @param on whether they may
   * @throws ClosedChannelException if this socket is closed
   * @throws IOException if the kernel refuses
   */
  void broadcast(boolean on) throws IOException;

  /**
   * Returns the TOS byte or traffic class of what is sent.
   *
   * @return the byte, 0 to 255
   * @throws ClosedChannelException if this socket is closed
   * @throws IOException if the kernel refuses
   */
  int trafficClass() throws IOException;

  /**
   * Says the TOS byte or traffic class of what is sent ({@code IP_TOS}, {@code IPV6_TCLASS}): the
   * class of service in the upper six bits, the congestion mark in the lower two.
   *
   * @param bits the byte, 0 to 255
   * @throws IllegalArgumentException if it is another number
   * @throws ClosedChannelException if this socket is closed
   * @throws IOException if the kernel refuses
   */
  void trafficClass(int bits) throws IOException;

  /**
   * Finds an interface.
   *
   * @param nameOrAddress its name ({@code eth0}), an address of this machine ({@code 192.0.2.7}),
   *     or an IPv6 address whose scope names it ({@code ::%eth0})
   * @return the interface
   * @throws IllegalArgumentException if the text is empty
   * @throws SocketOpException {@code ENODEV} if there is no interface with that name or scope,
   *     {@code EADDRNOTAVAIL} if none has that address
   * @throws IOException if it fails otherwise
   */
  static NetworkInterface interfaceOf(String nameOrAddress) throws IOException {
    return Interfaces.find(nameOrAddress);
  }
}
