package dev.ancilla.ffm;

import dev.ancilla.PacketInfo;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** Writes where a UDP message shall come from, as {@code ip(7)} and {@code ipv6(7)} take it. */
final class PacketSource {
  /** What there must be room for. */
  static final int ROOM = Abi.Cmsghdr.space(Abi.In6Pktinfo.SIZE);

  private PacketSource() {}

  /**
   * Writes a source; returns msg_controllen.
   *
   * @param to where the message goes, whose family the source is of if it has no address
   */
  static int write(PacketInfo source, @Nullable SocketAddress to, MemorySegment at, long offset) {
    at.asSlice(offset, ROOM).fill((byte) 0);
    long data = offset + Abi.Cmsghdr.SIZE;
    InetAddress address = source.address();
    if (isSix(address, to)) {
      copy(address, at, data + Abi.In6Pktinfo.ADDR);
      at.set(ValueLayout.JAVA_INT, data + Abi.In6Pktinfo.IFINDEX, source.interfaceIndex());
      return Control.head(at, offset, Abi.IPPROTO_IPV6, Abi.IPV6_PKTINFO, Abi.In6Pktinfo.SIZE);
    }
    copy(address, at, data + Abi.InPktinfo.SPEC_DST);
    at.set(ValueLayout.JAVA_INT, data + Abi.InPktinfo.IFINDEX, source.interfaceIndex());
    return Control.head(at, offset, Abi.IPPROTO_IP, Abi.IP_PKTINFO, Abi.InPktinfo.SIZE);
  }

  private static boolean isSix(@Nullable InetAddress address, @Nullable SocketAddress to) {
    return address != null
        ? address instanceof Inet6Address
        : to instanceof InetSocketAddress inet && inet.getAddress() instanceof Inet6Address;
  }

  private static void copy(@Nullable InetAddress address, MemorySegment at, long offset) {
    if (address != null) {
      byte[] bytes = address.getAddress();
      MemorySegment.copy(bytes, 0, at, ValueLayout.JAVA_BYTE, offset, bytes.length);
    }
  }
}
