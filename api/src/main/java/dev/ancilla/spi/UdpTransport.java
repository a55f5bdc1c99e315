package dev.ancilla.spi;

import dev.ancilla.Feature;
import dev.ancilla.PacketInfo;
import dev.ancilla.UnsupportedFeatureException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The attempts and options of one UDP socket.
 *
 * <p>Addresses are resolved, ports of targets are not 0, and numbers are within their ranges: the
 * engine has seen to it. What the engine does not know, the transport refuses:
 *
 * <ul>
 *   <li>a target while connected, with {@code EISCONN} (Linux would let it through);
 *   <li>an address that is not of the socket's family, with {@code EAFNOSUPPORT}; an IPv6 socket
 *       takes IPv4 addresses, unless it is for IPv6 only. The wildcard of either family means all
 *       addresses of the socket's own.
 * </ul>
 *
 * <p>A socket receives the multicast of the groups that it joined, on the interfaces on which it
 * did: {@code IP_MULTICAST_ALL} and {@code IPV6_MULTICAST_ALL} are off ({@code ip(7)}). A sender
 * over IPv4 is an {@link java.net.Inet4Address}, at an IPv6 socket too; a link-local sender has its
 * scope.
 *
 * <p>The first send binds the socket, and so does connecting. The engine binds it before it joins a
 * group. Disconnecting keeps the port.
 */
public interface UdpTransport extends DgramTransport {
  /** One membership, as long as its socket is open. */
  @FunctionalInterface
  interface Joined {
    /**
     * Leaves the group; called once.
     *
     * @throws IOException if the socket is closed or the kernel refuses
     */
    void drop() throws IOException;
  }

  /**
   * Returns an option.
   *
   * @param option which
   * @return its value
   * @throws IOException if the socket is closed or the kernel refuses
   */
  int option(UdpOption option) throws IOException;

  /**
   * Sets an option.
   *
   * @param option which
   * @param value the value, within the option's range
   * @throws IOException if the socket is closed or the kernel refuses
   */
  void option(UdpOption option, int value) throws IOException;

  /**
   * Returns the interface through which multicast leaves.
   *
   * @return the interface, or {@code null} if the kernel chooses
   * @throws IOException if the socket is closed or the kernel refuses
   */
  @Nullable NetworkInterface multicastInterface() throws IOException;

  /**
   * Sets the interface through which multicast leaves.
   *
   * @param through the interface, or, with {@link Feature#MULTICAST_INTERFACE_RESET}, {@code null}
   *     for the kernel's choice
   * @throws IOException if the socket is closed or the kernel refuses
   */
  void multicastInterface(@Nullable NetworkInterface through) throws IOException;

  /**
   * Joins a group.
   *
   * @param group a multicast address
   * @param on the interface, or {@code null} for the kernel's choice
   * @param source whose messages to receive, of the group's family; or {@code null} for any
   * @return the membership
   * @throws IOException if the socket is closed or the kernel refuses: {@code EADDRINUSE} if it has
   *     joined already, {@code EADDRNOTAVAIL} if it has for that source, {@code EAFNOSUPPORT},
   *     {@code ENODEV}
   */
  Joined join(InetAddress group, @Nullable NetworkInterface on, @Nullable InetAddress source)
      throws IOException;

  /**
   * Tries to send one message from a source.
   *
   * @param payload the bytes; consumed on success, untouched otherwise
   * @param target where to, or {@code null} for the connected peer
   * @param source where from; its address and its interface, each if it is there
   * @return {@code false} if the message would have to wait
   * @throws UnsupportedFeatureException without {@link Feature#PACKET_INFO}
   * @throws IOException if the kernel refuses
   */
  default boolean trySend(ByteBuffer payload, @Nullable SocketAddress target, PacketInfo source)
      throws IOException {
    throw new UnsupportedFeatureException(
        Feature.PACKET_INFO, eventLoop().name(), "send from " + source);
  }
}
