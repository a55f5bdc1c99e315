package dev.ancilla.engine;

import dev.ancilla.Message;
import dev.ancilla.OwnedFd;
import dev.ancilla.PacketInfo;
import dev.ancilla.SendBatch;
import dev.ancilla.spi.SendSlab;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * A batch over its provider's slab: checks what is added, and holds the descriptors that it lends.
 */
final class SlabSendBatch implements SendBatch {
  final SendSlab slab;
  final String provider;
  private final OutgoingChecks checks;
  private final int capacity;
  private volatile boolean closed; // written under this

  private final int[] sizes; // guarded by this: a ring, of the messages that are left
  private int first; // guarded by this
  private int left; // guarded by this
  private long bytes; // guarded by this

  /** Of each message, once one has descriptors; guarded by this. */
  private @Nullable ArrayDeque<List<OwnedFd.Hold>> holds;

  SlabSendBatch(SendSlab slab, String provider, OutgoingChecks checks, int capacity) {
    this.slab = slab;
    this.provider = provider;
    this.checks = checks;
    this.capacity = capacity;
    this.sizes = new int[capacity];
  }

  @Override
  public int capacity() {
    return capacity;
  }

  @Override
  public int count() {
    return slab.count();
  }

  @Override
  public synchronized boolean add(ByteBuffer payload, @Nullable SocketAddress target) {
    return add(payload, target, null);
  }

  private boolean add(
      ByteBuffer payload, @Nullable SocketAddress target, @Nullable PacketInfo source) {
    checkOpen();
    SocketAddress checked = checks.target(target);
    if (source != null) {
      checks.source(source, checked);
    }
    if (slab.count() == capacity) {
      return false;
    }
    if (source == null) {
      slab.add(payload, checked, List.of());
    } else {
      slab.add(payload, checked, source);
    }
    added(payload.remaining());
    return true;
  }

  @Override
  public synchronized int add(ByteBuffer payloads, int size, @Nullable SocketAddress target) {
    checkOpen();
    if (size < 1) {
      throw new IllegalArgumentException("send: datagrams of " + size + " bytes, at least 1");
    }
    SocketAddress checked = checks.target(target);
    int there = (int) ((payloads.remaining() + (size - 1L)) / size);
    int messages = Math.min(there, capacity - slab.count());
    slab.add(payloads, size, messages, checked);
    for (int i = 0; i < messages; i++) {
      int bytes = Math.min(size, payloads.remaining());
      payloads.position(payloads.position() + bytes);
      added(bytes);
    }
    return messages;
  }

  @Override
  public synchronized boolean add(Message message) {
    List<OwnedFd> descriptors = message.ancillary().descriptors();
    if (descriptors.isEmpty()) {
      return add(message.payload(), message.target(), message.source());
    }
    checkOpen();
    SocketAddress target = checks.target(message.target());
    if (slab.count() == capacity) {
      return false;
    }
    List<OwnedFd.Hold> held = checks.hold(descriptors, target);
    slab.add(message.payload(), target, Holds.handles(held));
    if (holds == null) {
      holds = new ArrayDeque<>(capacity);
      for (int i = 0; i < left; i++) {
        holds.add(List.of());
      }
    }
    added(message.payload().remaining(), held);
    return true;
  }

  private void added(int size) {
    added(size, List.of());
  }

  private void added(int size, List<OwnedFd.Hold> held) {
    int index = first + left;
    sizes[index < capacity ? index : index - capacity] = size;
    left++;
    bytes += size;
    if (holds != null) {
      holds.add(held);
    }
  }

  /** The payload bytes of the messages that are left. */
  synchronized long bytes() {
    return bytes;
  }

  /** Whether each target was checked against these rules. */
  boolean obeys(AddressRules rules) {
    return checks.rules() == rules;
  }

  void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the batch is closed");
    }
  }

  /** Where the first message goes that is left, if one is; a close may have come between. */
  synchronized @Nullable SocketAddress firstTarget() {
    return slab.count() == 0 ? null : slab.firstTarget();
  }

  /** Called after a send: what has left the slab is held no longer. */
  synchronized void sent(int messages) {
    if (closed) {
      return; // By another thread, which has let go of everything.
    }
    for (int i = 0; i < messages; i++) {
      bytes -= sizes[first];
      first = first + 1 == capacity ? 0 : first + 1;
      left--;
      if (holds != null) {
        holds.remove().forEach(OwnedFd.Hold::close);
      }
    }
  }

  @Override
  public synchronized void removeFirst() {
    checkOpen();
    if (slab.count() == 0) {
      throw new NoSuchElementException("no message is left in the batch");
    }
    slab.removeFirst();
    sent(1);
  }

  @Override
  public synchronized void clear() {
    if (!closed) {
      sent(slab.count());
      slab.clear();
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    left = 0;
    bytes = 0;
    slab.close(); // Waits for a call that is sending, which takes no lock of this batch.
    if (holds != null) {
      holds.forEach(held -> held.forEach(OwnedFd.Hold::close));
      holds = null;
    }
  }

  @Override
  public boolean isOpen() {
    return !closed;
  }

  @Override
  public String toString() {
    return "SendBatch(" + count() + " of " + capacity + ")";
  }
}
