package dev.ancilla.ffm;

import dev.ancilla.Ancillary;
import dev.ancilla.StreamRead;
import dev.ancilla.spi.FdHandle;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Native memory for one read or write of a stream. Borrowed for the time of the call: so it costs
 * as much as there are threads in calls, however many connections are idle.
 *
 * <p>What is much, and in one direct buffer, goes to and from that buffer itself: a copy would cost
 * as much as the kernel's. The JVM keeps it from being closed for the time of the call, which does
 * not wait.
 */
final class StreamCall implements AutoCloseable {
  /** The most bytes of one call by way of the memory here. */
  private static final int ROOM = 64 * 1024;

  /** From how many bytes on a copy costs more than to hold a buffer. */
  private static final int IN_PLACE = 8 * 1024;

  private static final int READ_FLAGS = Abi.MSG_DONTWAIT | Abi.MSG_CMSG_CLOEXEC;
  private static final int WRITE_FLAGS = Abi.MSG_DONTWAIT | Abi.MSG_NOSIGNAL;

  /** The one that was given back last: mostly that is all, and this costs less than a queue. */
  private static final AtomicReference<@Nullable StreamCall> LAST = new AtomicReference<>();

  private static final ConcurrentLinkedDeque<StreamCall> IDLE = new ConcurrentLinkedDeque<>();

  private final MemorySegment errno;
  private final MemorySegment header;
  private final MemorySegment control;
  private final MemorySegment bytes;
  private final ByteBuffer room; // the same memory

  /** The target that was received into, or {@code null} if that was {@link #bytes}. */
  private @Nullable MemorySegment received;

  private StreamCall() {
    Arena arena = Arena.ofAuto();
    errno = Libc.newErrno(arena);
    header = arena.allocate(Abi.Msghdr.SIZE + Abi.Iovec.SIZE, 8);
    control = arena.allocate(Control.roomForDescriptors(Abi.SCM_MAX_FD) + Beside.MOST_OTHERS, 8);
    bytes = arena.allocate(ROOM, 64);
    room = bytes.asByteBuffer();
    header.set(ValueLayout.JAVA_LONG, Abi.Msghdr.IOV, header.address() + Abi.Msghdr.SIZE);
    header.set(ValueLayout.JAVA_LONG, Abi.Msghdr.IOVLEN, 1);
    header.set(ValueLayout.JAVA_LONG, Abi.Msghdr.CONTROL, control.address());
  }

  static StreamCall borrow() {
    StreamCall idle = LAST.getAndSet(null);
    if (idle == null) {
      idle = IDLE.poll();
    }
    return idle == null ? new StreamCall() : idle;
  }

  private void prepare(MemorySegment memory, int count, long controlLength) {
    header.set(ValueLayout.JAVA_LONG, Abi.Msghdr.SIZE + Abi.Iovec.BASE, memory.address());
    header.set(ValueLayout.JAVA_LONG, Abi.Msghdr.SIZE + Abi.Iovec.LEN, count);
    header.set(ValueLayout.JAVA_LONG, Abi.Msghdr.CONTROLLEN, controlLength);
  }

  /** Returns the one buffer, if what it has room for, or holds, goes there and comes from there. */
  private static @Nullable MemorySegment inPlace(List<ByteBuffer> buffers) {
    if (buffers.size() != 1) {
      return null;
    }
    ByteBuffer only = buffers.get(0);
    return only.isDirect() && only.remaining() >= IN_PLACE ? MemorySegment.ofBuffer(only) : null;
  }

  /**
   * Receives what is there into the targets, or into memory of this call, from which {@link #take}
   * copies it.
   *
   * @param others the room for what comes unasked
   * @return how many bytes came, 0 at the end of the stream, or the negative errno
   */
  int receive(int fd, List<ByteBuffer> targets, int maxDescriptors, int others) {
    received = inPlace(targets);
    int room = received == null ? 0 : targets.get(0).remaining();
    for (int i = 0; received == null && i < targets.size(); i++) {
      room += Math.min(targets.get(i).remaining(), ROOM - room);
    }
    MemorySegment memory = received == null ? bytes : received;
    int came;
    do {
      prepare(memory, room, Control.roomForDescriptors(maxDescriptors) + others);
      came = Libc.recvmsg(errno, fd, header.address(), READ_FLAGS, memory);
    } while (came == -Abi.EINTR);
    return came;
  }

  /** Puts what came into the targets. */
  StreamRead take(int came, List<ByteBuffer> targets, int maxDescriptors) {
    Ancillary ancillary = takeAncillary(maxDescriptors);
    int at = 0;
    for (ByteBuffer target : targets) {
      int count = Math.min(came - at, target.remaining());
      if (received == null) {
        target.put(target.position(), room, at, count);
      }
      target.position(target.position() + count);
      at += count;
    }
    return StreamRead.of(came, ancillary);
  }

  private Ancillary takeAncillary(int maxDescriptors) {
    boolean truncated = (header.get(ValueLayout.JAVA_INT, Abi.Msghdr.FLAGS) & Abi.MSG_CTRUNC) != 0;
    long length = header.get(ValueLayout.JAVA_LONG, Abi.Msghdr.CONTROLLEN);
    return length == 0 && !truncated
        ? Ancillary.none()
        : Control.read(control, 0, length, maxDescriptors, truncated);
  }

  /** Returns how many bytes were sent, which are consumed, or the negative errno. */
  int send(int fd, List<ByteBuffer> sources, List<FdHandle> descriptors) {
    MemorySegment memory = inPlace(sources);
    int size = memory == null ? gather(sources) : sources.get(0).remaining();
    int sent;
    do {
      if (memory == null && descriptors.isEmpty()) {
        sent = Libc.sendto(errno, fd, bytes.address(), size, WRITE_FLAGS, 0, 0);
      } else {
        MemorySegment from = memory == null ? bytes : memory;
        prepare(from, size, descriptors.isEmpty() ? 0 : Control.write(descriptors, control, 0));
        sent = Libc.sendmsg(errno, fd, header.address(), WRITE_FLAGS, from);
      }
    } while (sent == -Abi.EINTR);
    int left = sent;
    for (ByteBuffer source : sources) {
      int part = Math.min(source.remaining(), Math.max(left, 0));
      source.position(source.position() + part);
      left -= part;
    }
    return sent;
  }

  /** Copies what fits into the memory of this call; returns how many bytes that are. */
  private int gather(List<ByteBuffer> sources) {
    int size = 0;
    for (ByteBuffer source : sources) {
      int part = Math.min(source.remaining(), ROOM - size);
      SendCall.copy(source, part, room, size);
      size += part;
    }
    return size;
  }

  @Override
  public void close() {
    received = null;
    if (!LAST.compareAndSet(null, this)) {
      IDLE.push(this);
    }
  }
}
