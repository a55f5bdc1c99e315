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
 * taken ahead, or {@linkplain JoinedMessages joined} ones.
 *
 * <p>Its lock guards what {@link #close()} takes away. Payloads, and how long they are, stay: they
 * are read without the lock by the one thread that may fill the slab.
 */
final class FfmReceiveSlab implements ReceiveSlab {
  private final ReentrantLock lock = new ReentrantLock();
  private final int slotBytes;
  private ReceiveRing ring; // written under lock
  private @Nullable JoinedMessages joined; // written under lock; made once messages come so
  private boolean isJoined; // written under lock: whether the messages are there
  private final @Nullable ByteBuffer[] views;
  private final @Nullable Ancillary[] ancillaries; // guarded by lock; null until asked for
  private int limit; // written under lock
  private int count; // written under lock
  private volatile boolean closed; // written under lock

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

  /** Fills a slab, which is empty. */
  @FunctionalInterface
  interface Filling {
    /** Returns how many messages came. */
    int fill(FfmReceiveSlab slab) throws IOException;
  }

  int fill(Beside beside, int limit, Filling filling) throws IOException {
    lock.lock();
    try {
      checkOpen();
      clear();
      if (!ring.suits(beside)) {
        ReceiveRing other = newRing(views.length, slotBytes, beside);
        closeRings();
        ring = other;
        joined = null;
        java.util.Arrays.fill(views, null);
      }
      this.limit = limit;
      count = filling.fill(this);
      return count;
    } finally {
      lock.unlock();
    }
  }

  /** Where messages are to be put that come one by one. */
  ReceiveRing ring() {
    isJoined = false;
    return ring;
  }

  /** Where messages are to be put that come joined. */
  JoinedMessages joined(Beside beside) {
    JoinedMessages current = joined;
    if (current == null) {
      current = new JoinedMessages(views.length, beside);
      joined = current;
    }
    isJoined = true;
    return current;
  }

  private @Nullable JoinedMessages joinedOnes() {
    return isJoined ? joined : null;
  }

  private void closeRings() {
    ring.close();
    if (joined != null) {
      joined.close();
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
    checkOpen();
    JoinedMessages cut = joinedOnes();
    ByteBuffer shown = cut == null ? plain(index) : cut.payload(index, limit);
    checkOpen(); // Closing forgets the copies of long messages.
    return shown;
  }

  private ByteBuffer plain(int index) {
    ByteBuffer view = views[index];
    if (view == null) {
      view = ring.view(index, 0);
      views[index] = view;
    }
    return ring.show(index, 0, view, limit);
  }

  @Override
  public int size(int index) {
    checkOpen();
    JoinedMessages cut = joinedOnes();
    return cut == null ? ring.size(index) : cut.size(index);
  }

  @Override
  public boolean truncated(int index) {
    checkOpen();
    JoinedMessages cut = joinedOnes();
    boolean truncated = cut == null ? ring.isCut(index, 0, limit) : cut.isCut(index, limit);
    checkOpen();
    return truncated;
  }

  @Override
  public @Nullable SocketAddress sender(int index) {
    JoinedMessages cut = joinedOnes();
    if (cut != null) {
      checkOpen();
      return cut.sender(index); // Known since it came, so without native memory, and the lock.
    }
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
        JoinedMessages cut = joinedOnes();
        known = cut == null ? ring.takeAncillary(index) : cut.ancillary(index);
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
        if (known != null) {
          known.close();
          ancillaries[i] = null;
        }
        if (!isJoined) { // What comes joined is of UDP: it is whole, and brings no descriptors.
          if (known == null) {
            ring.discard(i);
          }
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
        closeRings();
      }
    } finally {
      lock.unlock();
    }
  }
}
