package dev.ancilla.ffm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;

/**
 * {@code struct sockaddr_in} and {@code struct sockaddr_in6} to and from {@link InetSocketAddress},
 * by the rules of {@code ip(7)} and {@code ipv6(7)}.
 *
 * <p>An IPv4 address is written as such: a socket of IPv6 takes it as a target too. It tells one as
 * an IPv6 address that it is mapped into, which Java makes an IPv4 address again.
 */
final class SockaddrInet {
  private static final ValueLayout.OfShort PORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  /** How an IPv4 address is mapped (RFC 4291, 2.5.5.2): behind ten bytes 0 and two bytes 0xff. */
  private static final int MAPPED = 12;

  private SockaddrInet() {}

  /** Writes an address and returns its length. */
  static int encode(InetSocketAddress address, MemorySegment to, long offset) {
    InetAddress host = address.getAddress();
    if (host instanceof Inet6Address six) {
      return encode6(six.getAddress(), six.getScopeId(), address.getPort(), to, offset);
    }
    to.set(ValueLayout.JAVA_SHORT, offset, (short) Abi.AF_INET);
    to.set(PORT, offset + Abi.SockaddrIn.PORT, (short) address.getPort());
    byte[] bytes = host.getAddress();
    MemorySegment.copy(
        bytes, 0, to, ValueLayout.JAVA_BYTE, offset + Abi.SockaddrIn.ADDR, bytes.length);
    to.set(ValueLayout.JAVA_LONG_UNALIGNED, offset + 8, 0); // sin_zero
    return Abi.SockaddrIn.SIZE;
  }

  /** Writes an address to bind a socket of IPv6 to, which is of that family only. */
  static int encodeMapped(InetSocketAddress address, MemorySegment to, long offset) {
    byte[] four = address.getAddress().getAddress();
    if (four.length > Integer.BYTES) {
      return encode(address, to, offset);
    }
    byte[] six = new byte[16];
    six[MAPPED - 2] = (byte) 0xff;
    six[MAPPED - 1] = (byte) 0xff;
    System.arraycopy(four, 0, six, MAPPED, four.length);
    return encode6(six, 0, address.getPort(), to, offset);
  }

  private static int encode6(byte[] host, int scope, int port, MemorySegment to, long offset) {
    to.set(ValueLayout.JAVA_SHORT, offset, (short) Abi.AF_INET6);
    to.set(PORT, offset + Abi.SockaddrIn6.PORT, (short) port);
    to.set(ValueLayout.JAVA_INT, offset + Abi.SockaddrIn6.FLOWINFO, 0);
    MemorySegment.copy(
        host, 0, to, ValueLayout.JAVA_BYTE, offset + Abi.SockaddrIn6.ADDR, host.length);
    to.set(ValueLayout.JAVA_INT, offset + Abi.SockaddrIn6.SCOPE_ID, scope);
    return Abi.SockaddrIn6.SIZE;
  }

  static InetSocketAddress decode4(MemorySegment from, long offset) {
    return new InetSocketAddress(
        host(Sockaddr.bytes(from, offset + Abi.SockaddrIn.ADDR, 4), 0),
        port(from, offset + Abi.SockaddrIn.PORT));
  }

  static InetSocketAddress decode6(MemorySegment from, long offset) {
    return new InetSocketAddress(
        host(
            Sockaddr.bytes(from, offset + Abi.SockaddrIn6.ADDR, 16),
            from.get(ValueLayout.JAVA_INT, offset + Abi.SockaddrIn6.SCOPE_ID)),
        port(from, offset + Abi.SockaddrIn6.PORT));
  }

  private static int port(MemorySegment from, long at) {
    return Short.toUnsignedInt(from.get(PORT, at));
  }

  /** Makes an address of its 4 or 16 bytes, with its zone where it has one. */
  static InetAddress host(byte[] bytes, int scope) {
    try {
      return scope == 0
          ? InetAddress.getByAddress(bytes)
          : Inet6Address.getByAddress(null, bytes, scope);
    } catch (UnknownHostException never) {
      throw new AssertionError(never);
    }
  }
}
