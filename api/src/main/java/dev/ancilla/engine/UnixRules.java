package dev.ancilla.engine;

import dev.ancilla.UnixAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;

/** The rules of {@code unix(7)}. */
class UnixRules implements AddressRules {
  @Override
  public SocketAddress forBind(SocketAddress address) {
    UnixAddress unix = unix("bind", address);
    if (unix.kind() == UnixAddress.Kind.UNNAMED) {
      throw new IllegalArgumentException(
          "bind " + address + ": the unnamed address cannot be bound; autobind chooses a name");
    }
    return unix;
  }

  @Override
  public SocketAddress forTarget(String operation, SocketAddress address) {
    UnixAddress unix = unix(operation, address);
    return switch (unix.kind()) {
      case PATH, ABSTRACT -> unix;
      case UNNAMED, AUTOBIND ->
          throw new IllegalArgumentException(
              operation + " " + address + ": nobody can be reached at this address");
    };
  }

  @Override
  public boolean isBound(SocketAddress local) {
    return !local.equals(UnixAddress.unnamed());
  }

  @Override
  public boolean mayReconnect() {
    return true;
  }

  private static UnixAddress unix(String operation, SocketAddress address) {
    if (address instanceof UnixAddress unix) {
      return unix;
    }
    if (address instanceof UnixDomainSocketAddress jdk) {
      return UnixAddress.of(jdk);
    }
    throw new IllegalArgumentException(operation + " " + address + ": not a Unix address");
  }
}
