package dev.ancilla.ffm;

import dev.ancilla.spi.UdpOption;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import org.jspecify.annotations.Nullable;

/**
 * The options of UDP sockets, {@code ip(7)} and {@code ipv6(7)}. A socket of IPv6 has those of IPv4
 * too, for the messages of that family.
 */
final class InetOptions {
  private InetOptions() {}

  /** Each number by its level and name, for each family. */
  private record Names(int level, int name, int sixLevel, int sixName) {
    static Names of(int name, int sixName) {
      return new Names(Abi.IPPROTO_IP, name, Abi.IPPROTO_IPV6, sixName);
    }
  }

  private static Names names(UdpOption option) {
    return switch (option) {
      case BROADCAST ->
          new Names(Abi.SOL_SOCKET, Abi.SO_BROADCAST, Abi.SOL_SOCKET, Abi.SO_BROADCAST);
      case TTL -> Names.of(Abi.IP_TTL, Abi.IPV6_UNICAST_HOPS);
      case MULTICAST_TTL -> Names.of(Abi.IP_MULTICAST_TTL, Abi.IPV6_MULTICAST_HOPS);
      case MULTICAST_LOOPBACK -> Names.of(Abi.IP_MULTICAST_LOOP, Abi.IPV6_MULTICAST_LOOP);
      case TRAFFIC_CLASS -> Names.of(Abi.IP_TOS, Abi.IPV6_TCLASS);
    };
  }

  /**
   * Sets what a new socket needs: whether it speaks IPv4, which the machine may have decided
   * otherwise (bindv6only of {@code ipv6(7)}), and that it receives from those groups alone that it
   * joined itself.
   */
  static void start(int fd, InetFamily family) throws IOException {
    Sock.setOption(fd, Abi.IPPROTO_IP, Abi.IP_MULTICAST_ALL, 0);
    if (family.six()) {
      Sock.setOption(fd, Abi.IPPROTO_IPV6, Abi.IPV6_V6ONLY, family.sixOnly() ? 1 : 0);
      Sock.setOption(fd, Abi.IPPROTO_IPV6, Abi.IPV6_MULTICAST_ALL, 0);
    }
  }

  static int get(int fd, InetFamily family, UdpOption option) throws IOException {
    Names names = names(option);
    return family.six()
        ? Sock.option(fd, names.sixLevel, names.sixName)
        : Sock.option(fd, names.level, names.name);
  }

  static void set(int fd, InetFamily family, UdpOption option, int value) throws IOException {
    Names names = names(option);
    Sock.setOption(fd, names.level, names.name, value);
    if (family.six()) {
      Sock.setOption(fd, names.sixLevel, names.sixName, value);
    }
  }

  static @Nullable NetworkInterface multicastInterface(int fd, InetFamily family)
      throws IOException {
    if (family.six()) {
      int index = Sock.option(fd, Abi.IPPROTO_IPV6, Abi.IPV6_MULTICAST_IF);
      return index == 0 ? null : NetworkInterface.getByIndex(index);
    }
    // Of IPv4 the kernel tells the interface's address, which was set for this.
    int address = Sock.option(fd, Abi.IPPROTO_IP, Abi.IP_MULTICAST_IF);
    return address == 0 ? null : NetworkInterface.getByInetAddress(ofInt(address));
  }

  private static InetAddress ofInt(int address) {
    MemorySegment four = MemorySegment.ofArray(new int[] {address});
    return SockaddrInet.host(Sockaddr.bytes(four, 0, Integer.BYTES), 0);
  }

  static void multicastInterface(int fd, InetFamily family, @Nullable NetworkInterface through)
      throws IOException {
    int index = through == null ? 0 : through.getIndex();
    int result =
        Sock.setOption(
            fd, Abi.IPPROTO_IP, Abi.IP_MULTICAST_IF, memory -> request(memory, through, index));
    if (result < 0) {
      throw Failures.of("setsockopt", result, null, null);
    }
    if (family.six()) {
      Sock.setOption(fd, Abi.IPPROTO_IPV6, Abi.IPV6_MULTICAST_IF, index);
    }
  }

  private static int request(MemorySegment to, @Nullable NetworkInterface through, int index) {
    to.asSlice(0, Abi.IpMreqn.SIZE).fill((byte) 0);
    to.set(ValueLayout.JAVA_INT, Abi.IpMreqn.IFINDEX, index);
    if (through != null) {
      through
          .inetAddresses()
          .filter(Inet4Address.class::isInstance)
          .findFirst()
          .ifPresent(
              address ->
                  MemorySegment.copy(
                      address.getAddress(),
                      0,
                      to,
                      ValueLayout.JAVA_BYTE,
                      Abi.IpMreqn.ADDRESS,
                      Integer.BYTES));
    }
    return Abi.IpMreqn.SIZE;
  }
}
