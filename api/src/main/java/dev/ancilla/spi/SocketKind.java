package dev.ancilla.spi;

/** Names a kind of socket that a provider may offer. */
public enum SocketKind {
  /** Unix datagrams: {@code AF_UNIX}, {@code SOCK_DGRAM}. */
  UNIX_DGRAM,
  /** UDP over IPv4 and IPv6. */
  UDP
}
