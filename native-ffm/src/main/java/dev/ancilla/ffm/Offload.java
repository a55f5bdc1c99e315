package dev.ancilla.ffm;

import java.io.IOException;

/**
 * Whether messages of a UDP socket go through the kernel joined, out and in ({@code UDP_SEGMENT}
 * and {@code UDP_GRO}, {@code udp(7)}): unless {@code -Dancilla.offload=false}, and outwards until
 * a path cannot, for a socket mostly sends on one path. Guarded by the socket's lock for sending.
 */
final class Offload {
  private static final boolean WANTED =
      !"false".equalsIgnoreCase(System.getProperty("ancilla.offload"));

  private boolean possible;

  /** For sockets of UDP, or not. */
  Offload(boolean possible) {
    this.possible = possible && WANTED;
  }

  boolean isPossible() {
    return possible;
  }

  /** Called when messages passed one by one that were refused when they were joined. */
  void giveUp() {
    possible = false;
  }

  /**
   * Asks for messages that arrive joined to stay so, of a socket that is nobody else's. Not before
   * Linux 5.9, which does not tell whether it was asked.
   */
  static void askForJoined(int fd) throws IOException {
    if (WANTED && asked(fd) == 0) {
      Sock.setOption(fd, Abi.IPPROTO_UDP, Abi.UDP_GRO, 1);
    }
  }

  /** Whether messages come joined: also where somebody asked for it who had the socket before. */
  static boolean receivesJoined(int fd) {
    return asked(fd) > 0;
  }

  private static int asked(int fd) {
    try {
      return Sock.option(fd, Abi.IPPROTO_UDP, Abi.UDP_GRO);
    } catch (IOException unknown) {
      return -1;
    }
  }
}
