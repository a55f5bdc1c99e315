package dev.ancilla.engine;

import dev.ancilla.spi.Readiness;
import dev.ancilla.spi.Wait;
import java.net.SocketAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells a listener of targets without room, and when they have some again. Of the loop's thread.
 */
final class Congestion {
  private static final Wait NOT_YET = () -> {};

  private final Readiness readiness;
  private final Delivery<?> delivery;
  private final BooleanSupplier listening;
  private final Map<@Nullable SocketAddress, Wait> congested = new HashMap<>();

  Congestion(Readiness readiness, Delivery<?> delivery, BooleanSupplier listening) {
    this.readiness = readiness;
    this.delivery = delivery;
    this.listening = listening;
  }

  void noticed(@Nullable SocketAddress target) {
    if (!listening.getAsBoolean() || congested.putIfAbsent(target, NOT_YET) != null) {
      return;
    }
    ListenerPump.guarded(() -> delivery.congested(target));
    Wait wait = readiness.armSend(target, () -> writable(target));
    congested.replace(target, wait); // Unless the wake has come already.
  }

  private void writable(@Nullable SocketAddress target) {
    if (congested.remove(target) != null && listening.getAsBoolean()) {
      ListenerPump.guarded(() -> delivery.writable(target));
    }
  }

  /** The subscription was closed: nothing more is told, and nothing waited for. */
  void end() {
    List<Wait> waits = List.copyOf(congested.values());
    congested.clear();
    waits.forEach(Wait::cancel);
  }
}
