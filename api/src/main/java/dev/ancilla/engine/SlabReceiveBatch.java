package dev.ancilla.engine;

import dev.ancilla.Ancillary;
import dev.ancilla.ReceiveBatch;
import dev.ancilla.spi.ReceiveSlab;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A batch over its provider's slab. */
final class SlabReceiveBatch implements ReceiveBatch {
  final ReceiveSlab slab;
  final String provider;
  private final int capacity;
  private int @Nullable [] heard; // The indexes of the slab that are given out, if not all are.
  private int heardCount;
  private volatile boolean closed;

  SlabReceiveBatch(ReceiveSlab slab, String provider, int capacity) {
    this.slab = slab;
    this.provider = provider;
    this.capacity = capacity;
  }

  @Override
  public int capacity() {
    return capacity;
  }

  @Override
  public int count() {
    return heard == null ? slab.count() : Math.min(heardCount, slab.count());
  }

  /** Called before the slab is filled, by whichever socket. */
  void hearAll() {
    heard = null;
  }

  /** Called when the slab was filled: of its messages only those that are heard are given out. */
  int sift(AddressRules rules) {
    int[] indexes = new int[slab.count()];
    heardCount = 0;
    for (int i = 0; i < indexes.length; i++) {
      if (rules.hears(slab.sender(i))) {
        indexes[heardCount++] = i;
      }
    }
    heard = indexes;
    return heardCount;
  }

  @Override
  public ByteBuffer payload(int index) {
    return slab.payload(checked(index));
  }

  @Override
  public int size(int index) {
    return slab.size(checked(index));
  }

  @Override
  public boolean truncated(int index) {
    return slab.truncated(checked(index));
  }

  @Override
  public @Nullable SocketAddress sender(int index) {
    return slab.sender(checked(index));
  }

  @Override
  public Ancillary ancillary(int index) {
    return slab.ancillary(checked(index));
  }

  void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the batch is closed");
    }
  }

  private int checked(int index) {
    checkOpen();
    Objects.checkIndex(index, count());
    return heard == null ? index : heard[index];
  }

  @Override
  public boolean isOpen() {
    return !closed;
  }

  @Override
  public void close() {
    closed = true;
    slab.close();
  }

  @Override
  public String toString() {
    return "ReceiveBatch(" + count() + " of " + capacity + ")";
  }
}
