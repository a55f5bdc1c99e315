package dev.ancilla.ffm;

import dev.ancilla.PacketInfo;
import dev.ancilla.spi.FdHandle;
import dev.ancilla.spi.SendSlab;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The slab of a batch, a ring of messages that {@code sendmmsg(2)} sends from the first on.
 * Payloads lie one right behind the other, so that those which go joined are one piece of memory.
 */
final class FfmSendSlab implements SendSlab {
  private static final int FLAGS = Abi.MSG_DONTWAIT | Abi.MSG_NOSIGNAL;

  private final ReentrantLock lock = new ReentrantLock();
  private final int capacity;
  private final int slotBytes;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment errno = Libc.newErrno(arena);
  private final MemorySegment headers;
  private final MemorySegment vectors;
  private final MemorySegment names;
  private final PayloadRing payloads;

  /** Memory of payloads that are longer than a slot, and of descriptors; made when needed, kept. */
  private final @Nullable MemorySegment[] longer;

  private final @Nullable MemorySegment[] controls;
  private final @Nullable SocketAddress[] targets;

  /** Where messages are from, once one says so; written when it is known where it goes. */
  private @Nullable PacketInfo @Nullable [] sources;

  /** What is encoded in each slot's name, so that the same target is not encoded again. */
  private final @Nullable SocketAddress[] named;

  private @Nullable Segments segments; // guarded by lock; made once messages may be joined
  private int first; // guarded by lock
  private volatile int count; // written under lock
  private boolean closed; // guarded by lock

  FfmSendSlab(int capacity, int slotBytes) {
    this.capacity = capacity;
    this.slotBytes = slotBytes;
    headers = arena.allocate((long) capacity * Abi.Mmsghdr.SIZE, 8);
    vectors = arena.allocate((long) capacity * Abi.Iovec.SIZE, 8);
    names = arena.allocate((long) capacity * Sockaddr.ROOM, 8);
    payloads = new PayloadRing(capacity, slotBytes, arena);
    longer = new MemorySegment[capacity];
    controls = new MemorySegment[capacity];
    targets = new SocketAddress[capacity];
    named = new SocketAddress[capacity];
    for (int i = 0; i < capacity; i++) {
      headers.set(
          ValueLayout.JAVA_LONG,
          header(i) + Abi.Msghdr.IOV,
          vectors.address() + (long) i * Abi.Iovec.SIZE);
      headers.set(ValueLayout.JAVA_LONG, header(i) + Abi.Msghdr.IOVLEN, 1);
    }
  }

  private static long header(int index) {
    return (long) index * Abi.Mmsghdr.SIZE;
  }

  @Override
  public int count() {
    return count;
  }

  @Override
  public void add(ByteBuffer payload, @Nullable SocketAddress target, PacketInfo source) {
    lock.lock();
    try {
      add(payload, target, List.of());
      if (sources == null) {
        sources = new PacketInfo[capacity];
      }
      sources[slot(count - 1)] = source;
    } finally {
      lock.unlock();
    }
  }

  private void writeSource(int index, @Nullable SocketAddress only) {
    PacketInfo source = sources == null ? null : sources[index];
    if (source != null) {
      SocketAddress target = targets[index];
      MemorySegment control = atLeast(controls, index, PacketSource.ROOM);
      control(
          index, control, PacketSource.write(source, target == null ? only : target, control, 0));
    }
  }

  @Override
  public void add(ByteBuffer payload, @Nullable SocketAddress target, List<FdHandle> descriptors) {
    lock.lock();
    try {
      checkOpen();
      int index = slot(count);
      put(index, payload, payload.position(), payload.remaining(), target);
      if (!descriptors.isEmpty()) {
        MemorySegment control =
            atLeast(controls, index, Control.roomForDescriptors(descriptors.size()));
        control(index, control, Control.write(descriptors, control, 0));
      }
      count++;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void add(ByteBuffer payloads, int size, int messages, @Nullable SocketAddress target) {
    lock.lock();
    try {
      checkOpen();
      int before = count;
      int at = payloads.position();
      for (int i = 0; i < messages; i++) {
        int bytes = Math.min(size, payloads.limit() - at);
        put(slot(before + i), payloads, at, bytes, target);
        at += bytes;
      }
      count = before + messages;
    } finally {
      lock.unlock();
    }
  }

  /** Returns the slot of a message, counted from the first; cheaper than a division. */
  private int slot(int message) {
    int index = first + message;
    return index < capacity ? index : index - capacity;
  }

  private void put(
      int index, ByteBuffer payload, int from, int size, @Nullable SocketAddress target) {
    long header = header(index);
    long vector = (long) index * Abi.Iovec.SIZE;
    vectors.set(ValueLayout.JAVA_LONG, vector + Abi.Iovec.BASE, write(index, payload, from, size));
    vectors.set(ValueLayout.JAVA_LONG, vector + Abi.Iovec.LEN, size);
    targets[index] = target;
    if (target == null) {
      headers.set(ValueLayout.JAVA_LONG, header + Abi.Msghdr.NAME, 0);
      headers.set(ValueLayout.JAVA_INT, header + Abi.Msghdr.NAMELEN, 0);
      named[index] = null;
    } else if (target != named[index]) {
      long name = (long) index * Sockaddr.ROOM;
      headers.set(ValueLayout.JAVA_LONG, header + Abi.Msghdr.NAME, names.address() + name);
      headers.set(
          ValueLayout.JAVA_INT, header + Abi.Msghdr.NAMELEN, Sockaddr.encode(target, names, name));
      named[index] = target;
    }
    if (sources != null) {
      sources[index] = null;
    }
    control(index, MemorySegment.NULL, 0);
  }

  private void control(int index, MemorySegment control, int length) {
    headers.set(ValueLayout.JAVA_LONG, header(index) + Abi.Msghdr.CONTROL, control.address());
    headers.set(ValueLayout.JAVA_LONG, header(index) + Abi.Msghdr.CONTROLLEN, length);
  }

  private long write(int index, ByteBuffer payload, int from, int size) {
    if (size <= slotBytes) {
      return payloads.add(index, payload, from, size);
    }
    payloads.addNothing(index);
    MemorySegment memory = atLeast(longer, index, size);
    memory.asByteBuffer().put(0, payload, from, size);
    return memory.address();
  }

  private MemorySegment atLeast(@Nullable MemorySegment[] kept, int index, int size) {
    MemorySegment memory = kept[index];
    if (memory == null || memory.byteSize() < size) {
      memory = arena.allocate(Math.max(64, Integer.highestOneBit(size) * 2L), 8);
      kept[index] = memory;
    }
    return memory;
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the batch is closed");
    }
  }

  /**
   * Sends from the first message on.
   *
   * @param only the peer of a connected socket that sends to no other, or {@code null}
   * @param offload whether messages may be joined
   * @return how many were sent, or the negative errno
   */
  int send(int fd, @Nullable SocketAddress only, Offload offload) {
    lock.lock();
    try {
      checkOpen();
      int total = 0;
      while (count > 0) {
        int run = run(only);
        if (run == 0) {
          return total;
        }
        int sent =
            run > 1 && offload.isPossible() ? sendJoined(fd, run, offload) : sendPlain(fd, run);
        if (sent == -Abi.EINTR) {
          continue;
        }
        if (sent < 0) {
          return total == 0 ? sent : total;
        }
        drop(sent);
        total += sent;
        if (sent < run) {
          return total;
        }
      }
      return total;
    } finally {
      lock.unlock();
    }
  }

  /** Returns how many messages were sent, joined or not, or the negative errno. */
  private int sendJoined(int fd, int run, Offload offload) {
    Segments current = segments;
    if (current == null) {
      current = new Segments(capacity, arena);
      segments = current;
    }
    int joined = current.join(headers, vectors, names, targets, first, run);
    if (joined == 0) {
      return sendPlain(fd, run);
    }
    int sent = Libc.sendmmsg(errno, fd, current.address(), joined, FLAGS);
    if (sent >= 0) {
      return current.messages(sent);
    }
    if (!current.isFirstJoined() || !Segments.isRefusal(sent)) {
      return sent;
    }
    sent = sendPlain(fd, run);
    if (sent > 0) {
      offload.giveUp();
    }
    return sent;
  }

  private int sendPlain(int fd, int run) {
    return Libc.sendmmsg(errno, fd, headers.address() + header(first), run, FLAGS);
  }

  /** How many messages lie one behind the other, for one call. */
  private int run(@Nullable SocketAddress only) {
    int most = Math.min(count, capacity - first);
    if (only == null && sources == null) {
      return most;
    }
    int run = 0;
    while (run < most && (only == null || targets[first + run] == null)) {
      writeSource(first + run, only);
      run++;
    }
    return run;
  }

  private void drop(int messages) {
    if (messages > 0) {
      payloads.drop(slot(messages - 1));
    }
    count -= messages;
    first = slot(messages);
    if (count == 0) {
      first = 0;
      payloads.clear();
    }
  }

  @Override
  public @Nullable SocketAddress firstTarget() {
    lock.lock();
    try {
      return count == 0 ? null : targets[first];
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void removeFirst() {
    lock.lock();
    try {
      if (count == 0) {
        throw new NoSuchElementException("no message is left");
      }
      drop(1);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void clear() {
    lock.lock();
    try {
      drop(count);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (!closed) {
        drop(count);
        closed = true;
        arena.close();
      }
    } finally {
      lock.unlock();
    }
  }
}
