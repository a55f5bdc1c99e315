package dev.ancilla.ffm;

import dev.ancilla.Ancillary;
import dev.ancilla.spi.ReceiveSlab;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The slab of a batch: a ring of its own, which one call fills, or messages that the socket had
 * taken ahead.
 */
final class FfmReceiveSlab implements ReceiveSlab {
  private final ReentrantLock lock = new ReentrantLock();
  private final int slotBytes;
  private ReceiveRing ring; // guarded by lock
  private final ByteBuffer[] views; // guarded by lock
  private final @Nullable Ancillary[] ancillaries; // guarded by lock; null until asked for
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
    /** Returns how many messages came. */
    int fill(ReceiveRing ring) throws IOException;
  }

  int fill(Beside beside, int limit, Filling filling) throws IOException {
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
      this.limit = limit;
      count = filling.fill(ring);
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

  @Override
  public int count() {
    return count;
  }

  @Override
  public ByteBuffer payload(int index) {
    lock.lock();
    try {
      checkOpen();
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
      return ring.size(index);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean truncated(int index) {
    lock.lock();
    try {
      checkOpen();
      return ring.isCut(index, limit);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public @Nullable SocketAddress sender(int index) {
    lock.lock();
    try {
      checkOpen();
      return ring.sender(index);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Ancillary ancillary(int index) {
    lock.lock();
    try {
      checkOpen();
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
      for (int i = 0; i < count; i++) {
        Ancillary known = ancillaries[i];
        if (known == null) {
          ring.discard(i);
        } else {
          known.close();
          ancillaries[i] = null;
          ring.forget(i);
        }
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
