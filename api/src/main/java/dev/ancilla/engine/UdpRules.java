package dev.ancilla.engine;

import dev.ancilla.Errno;
import dev.ancilla.SocketOpException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The rules of {@code udp(7)}, and those of the program about whom it talks with.
 *
 * @param targets tells of a target whether it may be reached
 * @param senders tells of a sender whether it is heard
 */
public record UdpRules(
    Predicate<? super InetSocketAddress> targets, Predicate<? super InetSocketAddress> senders)
    implements AddressRules {
  /** Lets everybody through. */
  public static final Predicate<InetSocketAddress> EVERYBODY = address -> true;

  @Override
  public SocketAddress forBind(SocketAddress address) {
    return resolved("bind", address);
  }

  @Override
  public SocketAddress forTarget(String operation, SocketAddress address) throws SocketOpException {
    InetSocketAddress inet = resolved(operation, address);
    checkPort(operation, inet);
    if (targets != EVERYBODY && !targets.test(inet)) {
      throw new SocketOpException(
          operation, Errno.EPERM, "the socket may not reach this address", null, inet);
    }
    return inet;
  }

  static void checkPort(String operation, InetSocketAddress target) {
    if (target.getPort() == 0) {
      throw new IllegalArgumentException(
          operation + " " + target + ": port 0 is no target, ports are within 1..65535");
    }
  }

  @Override
  public boolean hears(@Nullable SocketAddress sender) {
    return senders == EVERYBODY || senders.test((InetSocketAddress) sender);
  }

  @Override
  public boolean areOpen() {
    return targets == EVERYBODY && senders == EVERYBODY;
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
