package dev.ancilla.ffm;

import dev.ancilla.spi.DgramOptions;
import java.io.IOException;

/**
 * What the kernel shall tell beside each message.
 *
 * @param options what any message can bring
 * @param packetInfo whether a message of UDP tells where it arrived
 * @param six whether that is told of IPv6 too
 * @param joined whether messages may come joined, and tell of which size they were
 * @param ends whether the peer can end: 0 bytes with nothing beside, where each message has its
 *     time
 */
record Beside(DgramOptions options, boolean packetInfo, boolean six, boolean joined, boolean ends) {
  private static final int[] PACKET_INFO = {Abi.IP_PKTINFO, Abi.IP_RECVTTL, Abi.IP_RECVTOS};
  private static final int[] PACKET_INFO_6 = {
    Abi.IPV6_RECVPKTINFO, Abi.IPV6_RECVHOPLIMIT, Abi.IPV6_RECVTCLASS
  };

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
        + (joined ? Abi.Cmsghdr.space(Integer.BYTES) : 0);
  }

  /** A socket of IPv6 tells of a message of IPv4 where it arrived in both ways (ipv6(7)). */
  private static int roomForPacketInfo() {
    return Abi.Cmsghdr.space(Abi.In6Pktinfo.SIZE)
        + Abi.Cmsghdr.space(Abi.InPktinfo.SIZE)
        + 2 * Abi.Cmsghdr.space(Integer.BYTES);
  }
}
