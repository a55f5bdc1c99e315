package dev.ancilla.spi;

import dev.ancilla.Ancillary;
import dev.ancilla.Datagram;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The slab of a provider that receives one message a call: it keeps the messages themselves. */
final class PlainReceiveSlab implements ReceiveSlab {
  private static final System.Logger LOG = System.getLogger(PlainReceiveSlab.class.getName());

  private final int capacity;
  private final List<Datagram> messages; // guarded by this
  private boolean closed; // guarded by this

  PlainReceiveSlab(int capacity) {
    this.capacity = capacity;
    this.messages = new ArrayList<>(capacity);
  }

  synchronized int fill(DgramTransport transport, int limit) throws IOException {
    clear();
    while (!closed && messages.size() < capacity) {
      Datagram next;
      try {
        next = transport.tryReceive(limit);
      } catch (IOException | RuntimeException e) {
        if (messages.isEmpty()) {
          throw e;
        }
        // The messages are worth more; and an error that stays meets the next call.
        LOG.log(System.Logger.Level.WARNING, "a batch ended early", e);
        break;
      }
      if (next == null) {
        break;
      }
      messages.add(next);
    }
    return messages.size();
  }

  @Override
  public synchronized int count() {
    return messages.size();
  }

  @Override
  public synchronized ByteBuffer payload(int index) {
    return messages.get(index).payload();
  }

  @Override
  public synchronized int size(int index) {
    return messages.get(index).size();
  }

  @Override
  public synchronized boolean truncated(int index) {
    return messages.get(index).truncated();
  }

  @Override
  public synchronized @Nullable SocketAddress sender(int index) {
    return messages.get(index).sender();
  }

  @Override
  public synchronized Ancillary ancillary(int index) {
    return messages.get(index).ancillary();
  }

  @Override
  public synchronized void clear() {
    messages.forEach(Datagram::close);
    messages.clear();
  }

  @Override
  public synchronized void close() {
    closed = true;
    clear();
  }
}
