package dev.ancilla.spi;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The slab of a provider that sends one message a call. */
final class PlainSendSlab implements SendSlab {
  private final ArrayDeque<Outgoing> messages = new ArrayDeque<>(); // guarded by this

  private record Outgoing(
      ByteBuffer payload, @Nullable SocketAddress target, List<FdHandle> descriptors) {}

  /** Sends what has room; an error after the first message is met again by the next call. */
  synchronized int drain(DgramTransport transport) throws IOException {
    int sent = 0;
    while (!messages.isEmpty()) {
      Outgoing first = messages.getFirst();
      try {
        if (!transport.trySend(first.payload, first.target, first.descriptors)) {
          break;
        }
      } catch (IOException | RuntimeException e) {
        if (sent == 0) {
          throw e;
        }
        break;
      }
      messages.removeFirst();
      sent++;
    }
    return sent;
  }

  @Override
  public synchronized int count() {
    return messages.size();
  }

  @Override
  public synchronized void add(
      ByteBuffer payload, @Nullable SocketAddress target, List<FdHandle> descriptors) {
    ByteBuffer copy = ByteBuffer.allocate(payload.remaining());
    copy.put(payload.duplicate()).flip();
    messages.add(new Outgoing(copy, target, descriptors));
  }

  @Override
  public synchronized @Nullable SocketAddress firstTarget() {
    return messages.getFirst().target;
  }

  @Override
  public synchronized void removeFirst() {
    messages.removeFirst();
  }

  @Override
  public synchronized void clear() {
    messages.clear();
  }

  @Override
  public void close() {
    clear();
  }
}
