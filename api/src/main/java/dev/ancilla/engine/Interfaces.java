package dev.ancilla.engine;

import dev.ancilla.Errno;
import dev.ancilla.SocketOpException;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The network interfaces of this machine. */
public final class Interfaces {
  private Interfaces() {}

  /**
   * Finds an interface.
   *
   * @param nameOrAddress its name, its address, or an address with it as scope
   * @return the interface
   * @throws IOException if there is none
   */
  public static NetworkInterface find(String nameOrAddress) throws IOException {
    if (nameOrAddress.isBlank()) {
      throw new IllegalArgumentException("an interface without a name");
    }
    InetAddress address;
    try {
      address = Names.literal(nameOrAddress);
    } catch (UnknownHostException e) {
      throw none(nameOrAddress, e); // The scope of an IPv6 address, which only the JDK looks up.
    }
    if (address == null) {
      return present(NetworkInterface.getByName(nameOrAddress), nameOrAddress);
    }
    if (address instanceof Inet6Address scoped && scoped.getScopeId() != 0) {
      return present(NetworkInterface.getByIndex(scoped.getScopeId()), nameOrAddress);
    }
    NetworkInterface found = NetworkInterface.getByInetAddress(address);
    if (found == null) {
      throw new SocketOpException(
          "interface", Errno.EADDRNOTAVAIL, null, new InetSocketAddress(address, 0), null);
    }
    return found;
  }

  private static NetworkInterface present(@Nullable NetworkInterface found, String name)
      throws SocketOpException {
    if (found == null) {
      throw none(name, null);
    }
    return found;
  }

  private static SocketOpException none(String name, @Nullable Exception cause) {
    SocketOpException none =
        new SocketOpException(
            "interface", Errno.ENODEV, "there is no interface " + name, null, null);
    none.initCause(cause);
    return none;
  }

  /**
   * Finds the interfaces that can carry a group.
   *
   * @param group the group
   * @return those that are up, can multicast, and have an address of the group's family
   * @throws SocketException if they cannot be listed
   */
  public static List<NetworkInterface> of(InetAddress group) throws SocketException {
    List<NetworkInterface> found = new ArrayList<>();
    for (NetworkInterface each : Collections.list(NetworkInterface.getNetworkInterfaces())) {
      boolean sameFamily =
          each.inetAddresses().anyMatch(own -> Names.isIpv4(own) == Names.isIpv4(group));
      if (each.isUp() && each.supportsMulticast() && sameFamily) {
        found.add(each);
      }
    }
    return found;
  }
}
