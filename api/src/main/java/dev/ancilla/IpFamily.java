package dev.ancilla;

/** Which addresses a UDP socket can have. */
public enum IpFamily {
  /** IPv6, and through it IPv4, where the machine has IPv6; else IPv4. The default. */
  ANY,
  /** IPv4 alone. */
  IPV4,
  /** IPv6; and IPv4 too, unless {@link UdpBuilder#ipv6Only()} says otherwise. */
  IPV6
}
