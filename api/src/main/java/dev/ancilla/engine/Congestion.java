package dev.ancilla.engine;

import dev.ancilla.DgramListener;
import java.net.SocketAddress;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tells a listener of targets without room, and when they have some again. Of the loop's thread.
 */
final class Congestion {
  private final OpenDgram socket;
  private final DgramListener listener;
  private final Set<@Nullable SocketAddress> congested = new HashSet<>();

  Congestion(OpenDgram socket, DgramListener listener) {
    this.socket = socket;
    this.listener = listener;
  }

  void noticed(@Nullable SocketAddress target) {
    if (!congested.add(target)) {
      return;
    }
    listener.onCongestion(socket, target);
    socket.transport.armSend(target, () -> writable(target));
  }

  private void writable(@Nullable SocketAddress target) {
    if (congested.remove(target) && socket.isOpen()) {
      ListenerPump.guarded(() -> listener.onWritable(socket, target));
    }
  }

  /** The subscription was closed: nothing more is told. */
  void end() {
    congested.clear();
  }
}
