package dev.ancilla.engine;

import dev.ancilla.SocketOpException;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** What a family of sockets demands of addresses, checked before any system call. */
interface AddressRules {
  SocketAddress forBind(SocketAddress address);

  /** Throws {@code EPERM} if the program forbade it. */
  SocketAddress forTarget(String operation, SocketAddress address) throws SocketOpException;

  default @Nullable SocketAddress forSend(@Nullable SocketAddress target) throws SocketOpException {
    return target == null ? null : forTarget("send", target);
  }

  boolean isBound(SocketAddress local);

  boolean mayReconnect();

  /** Whether the program wants the messages of a sender. */
  default boolean hears(@Nullable SocketAddress sender) {
    return true;
  }

  /** Whether the program limits with whom it talks. */
  default boolean areOpen() {
    return true;
  }
}
