package dev.ancilla.spi;

/** Names a kind of socket that a provider may offer. */
public enum SocketKind {
  /** Unix datagrams: {@code AF_UNIX}, {@code SOCK_DGRAM}. */
  UNIX_DGRAM,
  /** Unix streams and their servers: {@code AF_UNIX}, {@code SOCK_STREAM}. */
  UNIX_STREAM,
  /** Unix sequenced packets and their servers: {@code AF_UNIX}, {@code SOCK_SEQPACKET}. */
  UNIX_SEQPACKET,
  /** UDP over IPv4 and IPv6. */
  UDP
}
