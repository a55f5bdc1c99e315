package dev.ancilla.ffm;

import dev.ancilla.PacketInfo;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** Collects what the kernel tells of a UDP message, by {@code ip(7)} and {@code ipv6(7)}. */
final class PacketReading {
  private @Nullable InetAddress address;
  private int interfaceIndex;
  private int hopLimit = -1;
  private int trafficClass = -1;

  void read(int level, int type, MemorySegment from, long data, long size) {
    if (level == Abi.IPPROTO_IP) {
      readFour(type, from, data, size);
    } else if (level == Abi.IPPROTO_IPV6) {
      readSix(type, from, data, size);
    }
  }

  private void readFour(int type, MemorySegment from, long data, long size) {
    if (type == Abi.IP_PKTINFO && Control.has(size, Abi.InPktinfo.SIZE)) {
      interfaceIndex = from.get(ValueLayout.JAVA_INT, data + Abi.InPktinfo.IFINDEX);
      address = SockaddrInet.host(Sockaddr.bytes(from, data + Abi.InPktinfo.ADDR, 4), 0);
    } else if (type == Abi.IP_TTL && Control.has(size, Integer.BYTES)) {
      hopLimit = from.get(ValueLayout.JAVA_INT, data);
    } else if (type == Abi.IP_TOS && Control.has(size, 1)) {
      trafficClass = Byte.toUnsignedInt(from.get(ValueLayout.JAVA_BYTE, data));
    }
  }

  private void readSix(int type, MemorySegment from, long data, long size) {
    if (type == Abi.IPV6_PKTINFO && Control.has(size, Abi.In6Pktinfo.SIZE)) {
      interfaceIndex = from.get(ValueLayout.JAVA_INT, data + Abi.In6Pktinfo.IFINDEX);
      address = SockaddrInet.host(Sockaddr.bytes(from, data + Abi.In6Pktinfo.ADDR, 16), 0);
    } else if (type == Abi.IPV6_HOPLIMIT && Control.has(size, Integer.BYTES)) {
      hopLimit = from.get(ValueLayout.JAVA_INT, data);
    } else if (type == Abi.IPV6_TCLASS && Control.has(size, Integer.BYTES)) {
      trafficClass = from.get(ValueLayout.JAVA_INT, data);
    }
  }

  /** Returns what was told, or {@code null} if that was nothing. */
  @Nullable PacketInfo info() {
    return address == null ? null : new PacketInfo(address, interfaceIndex, hopLimit, trafficClass);
  }
}
