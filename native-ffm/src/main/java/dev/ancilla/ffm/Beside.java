package dev.ancilla.ffm;

import dev.ancilla.spi.DgramOptions;
import java.io.IOException;

/**
 * What the kernel shall tell beside each message. What a socket was asked for before it came here
 * stays asked for, and needs room too: where there is none the kernel drops what comes after it.
 *
 * @param options what any message can bring
 * @param packetInfo whether a message of UDP tells where it arrived
 * @param six whether that is told of IPv6 too
 * @param joined whether messages may come joined, and tell of which size they were
 * @param ends whether the peer can end: 0 bytes with nothing beside, where each message has its
 *     time
 * @param others the room for what nobody here asks for
 */
record Beside(
    DgramOptions options,
    boolean packetInfo,
    boolean six,
    boolean joined,
    boolean ends,
    int others) {
  /** The label of a security module; those in use are far shorter. */
  private static final int LABEL = 256;

  /** The most room for what a stream brings unasked. */
  static final int MOST_OTHERS =
      Abi.Cmsghdr.space(Abi.Ucred.SIZE)
          + Abi.Cmsghdr.space(Integer.BYTES)
          + Abi.Cmsghdr.space(LABEL);

  private static final int[] PACKET_INFO = {Abi.IP_PKTINFO, Abi.IP_RECVTTL, Abi.IP_RECVTOS};
  private static final int[] PACKET_INFO_6 = {
    Abi.IPV6_RECVPKTINFO, Abi.IPV6_RECVHOPLIMIT, Abi.IPV6_RECVTCLASS
  };

  /** Of a Unix socket. */
  static Beside unix(int fd, DgramOptions options, boolean ends) {
    return new Beside(found(fd, options), false, false, false, ends, roomForLabelAndTime(fd));
  }

  /** Of a socket of UDP. */
  static Beside udp(int fd, DgramOptions options, boolean packetInfo, boolean six) {
    boolean told =
        packetInfo
            || isAnyOn(fd, Abi.IPPROTO_IP, PACKET_INFO)
            || (six && isAnyOn(fd, Abi.IPPROTO_IPV6, PACKET_INFO_6));
    int others = roomForLabelAndTime(fd) + (told && !packetInfo ? roomForPacketInfo() : 0);
    boolean joined = Offload.receivesJoined(fd);
    return new Beside(found(fd, options), packetInfo, six, joined, false, others);
  }

  /** The room for what comes with the bytes of a stream unasked. */
  static int ofStream(int fd) {
    return (isOn(fd, Abi.SOL_SOCKET, Abi.SO_PASSCRED) ? Abi.Cmsghdr.space(Abi.Ucred.SIZE) : 0)
        + (isOn(fd, Abi.SOL_SOCKET, Abi.SO_PASSPIDFD) ? Abi.Cmsghdr.space(Integer.BYTES) : 0)
        + (isOn(fd, Abi.SOL_SOCKET, Abi.SO_PASSSEC) ? Abi.Cmsghdr.space(LABEL) : 0);
  }

  private static DgramOptions found(int fd, DgramOptions asked) {
    DgramOptions found = asked;
    found = isOn(fd, Abi.SOL_SOCKET, Abi.SO_PASSCRED) ? found.withCredentials() : found;
    found = isOn(fd, Abi.SOL_SOCKET, Abi.SO_PASSPIDFD) ? found.withPidfds() : found;
    return isOn(fd, Abi.SOL_SOCKET, Abi.SO_TIMESTAMPNS) ? found.withTimestamps() : found;
  }

  private static int roomForLabelAndTime(int fd) {
    return (isOn(fd, Abi.SOL_SOCKET, Abi.SO_PASSSEC) ? Abi.Cmsghdr.space(LABEL) : 0)
        + (isOn(fd, Abi.SOL_SOCKET, Abi.SO_TIMESTAMP) ? Abi.Cmsghdr.space(Abi.Timespec.SIZE) : 0);
  }

  private static boolean isAnyOn(int fd, int level, int[] options) {
    for (int option : options) {
      if (isOn(fd, level, option)) {
        return true;
      }
    }
    return false;
  }

  /** What the kernel does not know is off. */
  private static boolean isOn(int fd, int level, int option) {
    try {
      return Sock.option(fd, level, option) != 0;
    } catch (IOException unknown) {
      return false;
    }
  }

  /** Asks the kernel for it. */
  void ask(int fd) throws IOException {
    if (options.credentials()) {
      Sock.setOption(fd, Abi.SO_PASSCRED, 1);
    }
    if (options.pidfds()) {
      Sock.setOption(fd, Abi.SO_PASSPIDFD, 1);
    }
    if (options.timestamps()) {
      Sock.setOption(fd, Abi.SO_TIMESTAMPNS, 1);
    }
    if (packetInfo) {
      for (int option : PACKET_INFO) {
        Sock.setOption(fd, Abi.IPPROTO_IP, option, 1);
      }
    }
    if (packetInfo && six) {
      for (int option : PACKET_INFO_6) {
        Sock.setOption(fd, Abi.IPPROTO_IPV6, option, 1);
      }
    }
  }

  /** How many bytes to offer for it. */
  int room() {
    return Control.roomForDescriptors(options.maxDescriptors())
        + (options.credentials() ? Abi.Cmsghdr.space(Abi.Ucred.SIZE) : 0)
        + (options.pidfds() ? Abi.Cmsghdr.space(Integer.BYTES) : 0)
        + (options.timestamps() ? Abi.Cmsghdr.space(Abi.Timespec.SIZE) : 0)
        + (packetInfo ? roomForPacketInfo() : 0)
        + (joined ? Abi.Cmsghdr.space(Integer.BYTES) : 0)
        + others;
  }

  /** A socket of IPv6 tells of a message of IPv4 where it arrived in both ways (ipv6(7)). */
  private static int roomForPacketInfo() {
    return Abi.Cmsghdr.space(Abi.In6Pktinfo.SIZE)
        + Abi.Cmsghdr.space(Abi.InPktinfo.SIZE)
        + 2 * Abi.Cmsghdr.space(Integer.BYTES);
  }
}
