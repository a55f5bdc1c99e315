package dev.ancilla.ffm;

import dev.ancilla.Ancillary;
import dev.ancilla.Datagram;
import dev.ancilla.spi.ReceiveSlab;
import java.lang.foreign.Arena;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The slab of a batch: a ring of its own, which one call fills. Messages that the socket had
 * prefetched before come first, as messages of their own.
 */
final class FfmReceiveSlab implements ReceiveSlab {
  private final ReentrantLock lock = new ReentrantLock();
  private final int slotBytes;
  private ReceiveRing ring; // guarded by lock
  private final ByteBuffer[] views; // guarded by lock
  private final @Nullable Ancillary[] ancillaries; // guarded by lock; null until asked for
  private List<Datagram> prefetched = List.of(); // guarded by lock; instead of the ring's
  private int limit; // guarded by lock
  private int count; // guarded by lock
  private boolean closed; // guarded by lock

  FfmReceiveSlab(int messages, int slotBytes, Beside beside) {
    this.slotBytes = slotBytes;
    this.ring = newRing(messages, slotBytes, beside);
    this.views = new ByteBuffer[messages];
    this.ancillaries = new Ancillary[messages];
  }

  /**
   * Payloads are shown to callers, who may read one while another thread closes the batch. Closing
   * an arena under a reader makes HotSpot throw in it and set its interrupt flag, so this memory is
   * left to the garbage collector.
   */
  private static ReceiveRing newRing(int messages, int slotBytes, Beside beside) {
    return new ReceiveRing(messages, slotBytes, beside, Arena.ofAuto());
  }

  /** Fills a slab; where it has messages already, they are dropped. */
  @FunctionalInterface
  interface Filling {
    /** Returns how many messages came, or the negative errno. */
    int fill(ReceiveRing ring);
  }

  int capacity() {
    return views.length;
  }

  int fill(Beside beside, int limit, Filling filling) {
    lock.lock();
    try {
      checkOpen();
      clear();
      if (!ring.suits(beside)) {
        ReceiveRing other = newRing(views.length, slotBytes, beside);
        ring.close();
        ring = other;
        java.util.Arrays.fill(views, null);
      }
      int came = filling.fill(ring);
      this.limit = limit;
      count = Math.max(came, 0);
      return came;
    } finally {
      lock.unlock();
    }
  }

  /** Takes messages of their own; none are asked for where the slab is closed. */
  int take(Supplier<List<Datagram>> messages) {
    lock.lock();
    try {
      checkOpen();
      clear();
      prefetched = messages.get();
      count = prefetched.size();
      return count;
    } finally {
      lock.unlock();
    }
  }

  void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the batch is closed");
    }
  }

  private boolean isOwn() {
    return prefetched.isEmpty();
  }

  @Override
  public int count() {
    return count;
  }

  @Override
  public ByteBuffer payload(int index) {
    lock.lock();
    try {
      checkOpen();
      if (!isOwn()) {
        return prefetched.get(index).payload();
      }
      ByteBuffer view = views[index];
      if (view == null) {
        view = ring.view(index);
        views[index] = view;
      }
      return ring.show(index, view, limit);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int size(int index) {
    lock.lock();
    try {
      checkOpen();
      return isOwn() ? ring.size(index) : prefetched.get(index).size();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean truncated(int index) {
    lock.lock();
    try {
      checkOpen();
      return isOwn() ? ring.isCut(index, limit) : prefetched.get(index).truncated();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public @Nullable SocketAddress sender(int index) {
    lock.lock();
    try {
      checkOpen();
      return isOwn() ? ring.sender(index) : prefetched.get(index).sender();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Ancillary ancillary(int index) {
    lock.lock();
    try {
      checkOpen();
      if (!isOwn()) {
        return prefetched.get(index).ancillary();
      }
      Ancillary known = ancillaries[index];
      if (known == null) {
        known = ring.takeAncillary(index);
        ancillaries[index] = known;
      }
      return known;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void clear() {
    lock.lock();
    try {
      if (isOwn()) {
        for (int i = 0; i < count; i++) {
          Ancillary known = ancillaries[i];
          if (known == null) {
            ring.discard(i);
          } else {
            known.close();
            ancillaries[i] = null;
          }
          ring.forget(i);
        }
      } else {
        prefetched.forEach(Datagram::close);
        prefetched = List.of();
      }
      count = 0;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (!closed) {
        clear();
        closed = true;
        ring.close();
      }
    } finally {
      lock.unlock();
    }
  }
}
