package dev.ancilla.ffm;

import dev.ancilla.Errno;
import dev.ancilla.IpFamily;
import dev.ancilla.SocketOpException;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * UDP over IPv4 and IPv6, {@code udp(7)}.
 *
 * @param six whether the socket is of IPv6, and speaks IPv4 too ({@code ipv6(7)})
 * @param sixOnly whether it does not speak IPv4
 */
record InetFamily(boolean six, boolean sixOnly) implements Family {
  private static final byte[] ANY_4 = new byte[4];
  private static final byte[] ANY_6 = new byte[16];

  /** Chooses as the JDK does. */
  static InetFamily of(IpFamily family, boolean sixOnly) {
    boolean six =
        switch (family) {
          case IPV4 -> false;
          case IPV6 -> true;
          case ANY ->
              sixOnly || (!Boolean.getBoolean("java.net.preferIPv4Stack") && Machine.HAS_SIX);
        };
    return new InetFamily(six, sixOnly);
  }

  /** Finds out what a socket speaks that was opened elsewhere. */
  static InetFamily of(int fd) throws IOException {
    boolean six = Sock.option(fd, Abi.SO_DOMAIN) == Abi.AF_INET6;
    return new InetFamily(six, six && Sock.option(fd, Abi.IPPROTO_IPV6, Abi.IPV6_V6ONLY) != 0);
  }

  /** Asked once, with the first socket. */
  private static final class Machine {
    static final boolean HAS_SIX = hasSix();

    private static boolean hasSix() {
      try {
        FfmFd.close(Sock.open(Abi.AF_INET6, Sock.DGRAM, Abi.IPPROTO_UDP));
        return true;
      } catch (IOException none) {
        return !(none instanceof SocketOpException e) || e.errno() != Errno.EAFNOSUPPORT;
      }
    }
  }

  @Override
  public int open(int type) throws IOException {
    return Sock.open(six ? Abi.AF_INET6 : Abi.AF_INET, type, Abi.IPPROTO_UDP);
  }

  /** Whether the socket can have anything to do with an address. */
  boolean speaks(InetAddress address) {
    return address instanceof Inet4Address ? !sixOnly : six;
  }

  @Override
  public SocketAddress unbound() {
    return any(0);
  }

  private InetSocketAddress any(int port) {
    return new InetSocketAddress(SockaddrInet.host(six ? ANY_6 : ANY_4, 0), port);
  }

  @Override
  public void bind(int fd, SocketAddress name, int mode) throws IOException {
    InetSocketAddress address = (InetSocketAddress) name;
    InetAddress host = address.getAddress();
    int result;
    if (host.isAnyLocalAddress()) {
      result = Sock.bind(fd, any(address.getPort()), six);
    } else {
      result = speaks(host) ? Sock.bind(fd, address, six) : -Abi.EAFNOSUPPORT;
    }
    if (result < 0) {
      throw Failures.of("bind", result, address, null);
    }
  }

  /**
   * The kernel takes back a port that it chose itself ({@code __udp_disconnect} of net/ipv4/udp.c),
   * so it is asked for again.
   */
  @Override
  public void disconnect(int fd) throws IOException {
    SocketAddress before = Sock.localAddress(fd);
    int result = Sock.disconnect(fd);
    if (result < 0) {
      throw Failures.of("disconnect", result, before, null);
    }
    if (before instanceof InetSocketAddress named
        && Sock.localAddress(fd) instanceof InetSocketAddress left
        && left.getPort() != named.getPort()) {
      bind(fd, new InetSocketAddress(left.getAddress(), named.getPort()), -1);
    }
  }

  @Override
  public boolean queuesAtTarget() {
    return false;
  }

  /** A socket of IPv6 only calls the network unreachable ({@code udpv6_sendmsg}). */
  @Override
  public int told(int result, @Nullable SocketAddress target) {
    return result == -Abi.ENETUNREACH
            && target instanceof InetSocketAddress inet
            && !speaks(inet.getAddress())
        ? -Abi.EAFNOSUPPORT
        : result;
  }
}
