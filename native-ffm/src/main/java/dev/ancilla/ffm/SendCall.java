package dev.ancilla.ffm;

import dev.ancilla.PacketInfo;
import dev.ancilla.spi.FdHandle;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Native memory for sending one message at a time. Not safe for use by several threads: its owner's
 * lock guards it, and is held while the kernel reads.
 */
final class SendCall implements AutoCloseable {
  private static final int FLAGS = Abi.MSG_DONTWAIT | Abi.MSG_NOSIGNAL;

  /** What is kept for payloads; for a longer one memory is taken for the time of the call. */
  private static final int KEPT = 16 * 1024;

  private static final int FIRST = 1024;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment errno = Libc.newErrno(arena);
  private final MemorySegment name = arena.allocate(Sockaddr.ROOM, 8);
  private @Nullable SocketAddress named; // what is encoded in name
  private int nameLength;
  private ByteBuffer bytes = arena.allocate(FIRST, 8).asByteBuffer();
  private long address = addressOf(bytes);
  private @Nullable MemorySegment header; // made with the first message that has anything beside it
  private @Nullable MemorySegment control;
  private int controlLength; // of what rides beside the next message

  /** Says what rides beside the next message, which goes to a target or a peer. */
  void beside(List<FdHandle> descriptors, @Nullable PacketInfo source, @Nullable SocketAddress to) {
    controlLength = 0;
    if (!descriptors.isEmpty()) {
      controlLength = Control.write(descriptors, control(), 0);
    } else if (source != null) {
      controlLength = PacketSource.write(source, to, control(), 0);
    }
  }

  private MemorySegment control() {
    MemorySegment memory = control;
    if (memory == null) {
      memory = arena.allocate(Control.roomForDescriptors(Abi.SCM_MAX_FD), 8);
      control = memory;
    }
    return memory;
  }

  /** Returns the number of bytes that were sent, or the negative errno. */
  int send(int fd, ByteBuffer payload, @Nullable SocketAddress target) {
    int size = payload.remaining();
    if (size > KEPT) {
      try (Arena once = Arena.ofConfined()) {
        MemorySegment memory = once.allocate(size, 8);
        copy(payload, size, memory.asByteBuffer(), 0);
        return send(fd, memory.address(), size, target);
      }
    }
    if (size > bytes.capacity()) {
      bytes = arena.allocate(KEPT, 8).asByteBuffer(); // Once: the smaller one before is little.
      address = addressOf(bytes);
    }
    copy(payload, size, bytes, 0);
    return send(fd, address, size, target);
  }

  private int send(int fd, long payload, int size, @Nullable SocketAddress target) {
    int length = target == null ? 0 : encode(target);
    int result;
    do {
      result =
          controlLength == 0
              ? Libc.sendto(
                  errno, fd, payload, size, FLAGS, length == 0 ? 0 : name.address(), length)
              : Libc.sendmsg(errno, fd, prepare(payload, size, length), FLAGS);
    } while (result == -Abi.EINTR);
    return result;
  }

  static long addressOf(ByteBuffer memory) {
    return MemorySegment.ofBuffer(memory).address();
  }

  /**
   * Copies the first bytes of a payload, which stays as it is. Between buffers: to make a segment
   * of each would cost more than to copy a small one.
   */
  static void copy(ByteBuffer payload, int size, ByteBuffer to, int offset) {
    to.put(offset, payload, payload.position(), size);
  }

  /** Addresses are immutable, and a sender's target is mostly the same object. */
  private int encode(SocketAddress target) {
    if (target != named) {
      nameLength = Sockaddr.encode(target, name, 0);
      named = target;
    }
    return nameLength;
  }

  private long prepare(long payload, int size, int length) {
    MemorySegment message = header;
    if (message == null) {
      message = arena.allocate(Abi.Msghdr.SIZE + Abi.Iovec.SIZE, 8);
      header = message;
    }
    message.set(ValueLayout.JAVA_LONG, Abi.Msghdr.NAME, length == 0 ? 0 : name.address());
    message.set(ValueLayout.JAVA_INT, Abi.Msghdr.NAMELEN, length);
    message.set(ValueLayout.JAVA_LONG, Abi.Msghdr.IOV, message.address() + Abi.Msghdr.SIZE);
    message.set(ValueLayout.JAVA_LONG, Abi.Msghdr.IOVLEN, 1);
    message.set(ValueLayout.JAVA_LONG, Abi.Msghdr.CONTROL, control().address());
    message.set(ValueLayout.JAVA_LONG, Abi.Msghdr.CONTROLLEN, controlLength);
    message.set(ValueLayout.JAVA_LONG, Abi.Msghdr.SIZE + Abi.Iovec.BASE, payload);
    message.set(ValueLayout.JAVA_LONG, Abi.Msghdr.SIZE + Abi.Iovec.LEN, size);
    return message.address();
  }

  @Override
  public void close() {
    arena.close();
  }
}
