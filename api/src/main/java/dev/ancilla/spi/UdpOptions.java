package dev.ancilla.spi;

import dev.ancilla.IpFamily;

/**
 * What a builder asks of a UDP socket beside {@link DgramOptions}; the engine has checked it
 * against the provider's features.
 *
 * @param family which addresses it can have
 * @param ipv6Only whether an IPv6 socket leaves the IPv4 port to others
 * @param reuseAddress whether to set {@code SO_REUSEADDR}
 * @param reusePort whether to set {@code SO_REUSEPORT}
 * @param packetInfo whether each message tells where it arrived
 */
public record UdpOptions(
    IpFamily family,
    boolean ipv6Only,
    boolean reuseAddress,
    boolean reusePort,
    boolean packetInfo) {
  /** What a socket gets that asks for nothing. */
  public static final UdpOptions DEFAULT = new UdpOptions(IpFamily.ANY, false, false, false, false);

  /**
   * Returns these options with another family.
   *
   * @param family which addresses the socket can have
   * @return the options
   */
  public UdpOptions withFamily(IpFamily family) {
    return new UdpOptions(family, ipv6Only, reuseAddress, reusePort, packetInfo);
  }

  /**
   * Returns these options for IPv6 alone.
   *
   * @return the options
   */
  public UdpOptions withIpv6Only() {
    return new UdpOptions(family, true, reuseAddress, reusePort, packetInfo);
  }

  /**
   * Returns these options with an address that others may have too.
   *
   * @return the options
   */
  public UdpOptions withReuseAddress() {
    return new UdpOptions(family, ipv6Only, true, reusePort, packetInfo);
  }

  /**
   * Returns these options with a port that others may share.
   *
   * @return the options
   */
  public UdpOptions withReusePort() {
    return new UdpOptions(family, ipv6Only, reuseAddress, true, packetInfo);
  }

  /**
   * Returns these options with where each message arrived.
   *
   * @return the options
   */
  public UdpOptions withPacketInfo() {
    return new UdpOptions(family, ipv6Only, reuseAddress, reusePort, true);
  }
}
