package dev.ancilla.spi;

/**
 * The options of a UDP socket that are numbers. Of a socket that can have both families each is set
 * for both.
 */
public enum UdpOption {
  /** 1 if messages may go to broadcast addresses ({@code SO_BROADCAST}), else 0. */
  BROADCAST,
  /** Hops to one receiver, 1 to 255 ({@code IP_TTL}); with {@code Feature.UNICAST_TTL}. */
  TTL,
  /** Hops of multicast, 0 to 255 ({@code IP_MULTICAST_TTL}). */
  MULTICAST_TTL,
  /** 1 if multicast reaches members on this machine ({@code IP_MULTICAST_LOOP}), else 0. */
  MULTICAST_LOOPBACK,
  /** The TOS byte or traffic class, 0 to 255 ({@code IP_TOS}). */
  TRAFFIC_CLASS
}
