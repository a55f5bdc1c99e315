package dev.ancilla.jdk;

import dev.ancilla.engine.Interfaces;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.channels.DatagramChannel;

/** The interface that the kernel would choose: the JDK joins none without one. */
final class Routes {
  private static final int ANY_PORT = 9; // Nothing is sent.

  private Routes() {}

  static NetworkInterface interfaceTo(InetAddress group) throws IOException {
    if (group instanceof Inet6Address scoped && scoped.getScopedInterface() != null) {
      return scoped.getScopedInterface();
    }
    try (DatagramChannel probe = DatagramChannel.open()) {
      probe.connect(new InetSocketAddress(group, ANY_PORT));
      InetAddress from = ((InetSocketAddress) probe.getLocalAddress()).getAddress();
      NetworkInterface routed = NetworkInterface.getByInetAddress(from);
      if (routed != null) {
        return routed;
      }
    } catch (SocketException withoutRoute) {
      // As for IPv6 groups of one link: the first interface will do, for the kernel too.
    }
    for (NetworkInterface each : Interfaces.of(group)) {
      if (!each.isLoopback()) {
        return each;
      }
    }
    throw new SocketException("No such device");
  }
}
