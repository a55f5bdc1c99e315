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

/**
 * Native memory for one read or write of a stream. Borrowed for the time of the call: so it costs
 * as much as there are threads in calls, however many connections are idle.
 *
 * <p>Never the caller's memory: see {@link FfmFd}.
 */
final class StreamCall implements AutoCloseable {
  /** The most bytes of one call. */
  static final int ROOM = 64 * 1024;

  private static final int READ_FLAGS = Abi.MSG_DONTWAIT | Abi.MSG_CMSG_CLOEXEC;
  private static final int WRITE_FLAGS = Abi.MSG_DONTWAIT | Abi.MSG_NOSIGNAL;

  private static final ConcurrentLinkedDeque<StreamCall> IDLE = new ConcurrentLinkedDeque<>();

  private final MemorySegment errno;
  private final MemorySegment header;
  private final MemorySegment control;
  private final MemorySegment bytes;

  private StreamCall() {
    Arena arena = Arena.ofAuto();
    errno = Libc.newErrno(arena);
    header = arena.allocate(Abi.Msghdr.SIZE + Abi.Iovec.SIZE, 8);
    control = arena.allocate(Control.roomForDescriptors(Abi.SCM_MAX_FD), 8);
    bytes = arena.allocate(ROOM, 64);
    header.set(ValueLayout.JAVA_LONG, Abi.Msghdr.IOV, header.address() + Abi.Msghdr.SIZE);
    header.set(ValueLayout.JAVA_LONG, Abi.Msghdr.IOVLEN, 1);
    header.set(ValueLayout.JAVA_LONG, Abi.Msghdr.CONTROL, control.address());
    header.set(ValueLayout.JAVA_LONG, Abi.Msghdr.SIZE + Abi.Iovec.BASE, bytes.address());
  }

  static StreamCall borrow() {
    StreamCall idle = IDLE.poll();
    return idle == null ? new StreamCall() : idle;
  }

  private void prepare(int count, long controlLength) {
    header.set(ValueLayout.JAVA_LONG, Abi.Msghdr.SIZE + Abi.Iovec.LEN, count);
    header.set(ValueLayout.JAVA_LONG, Abi.Msghdr.CONTROLLEN, controlLength);
  }

  /** Returns how many bytes came, 0 at the end of the stream, or the negative errno. */
  int receive(int fd, List<ByteBuffer> targets, int maxDescriptors) {
    int room = 0;
    for (ByteBuffer target : targets) {
      room += Math.min(target.remaining(), ROOM - room);
    }
    int came;
    do {
      prepare(room, Control.roomForDescriptors(maxDescriptors));
      came = Libc.recvmsg(errno, fd, header.address(), READ_FLAGS);
    } while (came == -Abi.EINTR);
    return came;
  }

  /** Puts what came into the targets. */
  StreamRead take(int came, List<ByteBuffer> targets, int maxDescriptors) {
    Ancillary ancillary = takeAncillary(maxDescriptors);
    int at = 0;
    for (ByteBuffer target : targets) {
      int count = Math.min(came - at, target.remaining());
      if (target.hasArray()) {
        MemorySegment.copy(
            bytes,
            ValueLayout.JAVA_BYTE,
            at,
            target.array(),
            target.arrayOffset() + target.position(),
            count);
      } else if (count > 0) {
        MemorySegment.copy(bytes, at, MemorySegment.ofBuffer(target), 0, count);
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
    int size = 0;
    for (ByteBuffer source : sources) {
      int part = Math.min(source.remaining(), ROOM - size);
      SendCall.copy(source.slice(source.position(), part), bytes, size);
      size += part;
    }
    int sent;
    do {
      if (descriptors.isEmpty()) {
        sent = Libc.sendto(errno, fd, bytes.address(), size, WRITE_FLAGS, 0, 0);
      } else {
        prepare(size, Control.write(descriptors, control, 0));
        sent = Libc.sendmsg(errno, fd, header.address(), WRITE_FLAGS);
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

  @Override
  public void close() {
    IDLE.push(this);
  }
}
