package dev.ancilla.engine;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** What a family of sockets demands of addresses, checked before any system call. */
interface AddressRules {
  SocketAddress forBind(SocketAddress address);

  SocketAddress forTarget(String operation, SocketAddress address);

  default @Nullable SocketAddress forSend(@Nullable SocketAddress target) {
    return target == null ? null : forTarget("send", target);
  }

  boolean isBound(SocketAddress local);

  boolean mayReconnect();
}
