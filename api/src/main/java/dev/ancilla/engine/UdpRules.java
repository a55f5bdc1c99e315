package dev.ancilla.engine;

import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** The rules of {@code udp(7)}. */
final class UdpRules implements AddressRules {
  @Override
  public SocketAddress forBind(SocketAddress address) {
    return resolved("bind", address);
  }

  @Override
  public SocketAddress forTarget(String operation, SocketAddress address) {
    InetSocketAddress inet = resolved(operation, address);
    if (inet.getPort() == 0) {
      throw new IllegalArgumentException(
          operation + " " + address + ": port 0 is no target, ports are within 1..65535");
    }
    return inet;
  }

  @Override
  public boolean isBound(SocketAddress local) {
    return ((InetSocketAddress) local).getPort() != 0;
  }

  @Override
  public boolean mayReconnect() {
    return false;
  }

  private static InetSocketAddress resolved(String operation, SocketAddress address) {
    if (!(address instanceof InetSocketAddress inet)) {
      throw new IllegalArgumentException(operation + " " + address + ": not an Internet address");
    }
    if (inet.isUnresolved()) {
      throw new IllegalArgumentException(operation + " " + address + ": the name is not resolved");
    }
    return inet;
  }
}
