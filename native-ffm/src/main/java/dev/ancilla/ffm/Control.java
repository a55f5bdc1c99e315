package dev.ancilla.ffm;

import dev.ancilla.Ancillary;
import dev.ancilla.OwnedFd;
import dev.ancilla.PeerCredentials;
import dev.ancilla.spi.FdHandle;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Control messages, {@code cmsg(3)}: written for sending, read after receiving. */
final class Control {
  private Control() {}

  /** How many bytes the control part takes of a message with so many descriptors. */
  static int roomForDescriptors(int count) {
    return count == 0 ? 0 : Abi.Cmsghdr.space(count * Integer.BYTES);
  }

  /** Writes the descriptors of a message; returns msg_controllen. */
  static int write(List<FdHandle> descriptors, MemorySegment to, long offset) {
    long at = offset + Abi.Cmsghdr.SIZE;
    for (FdHandle descriptor : descriptors) {
      to.set(ValueLayout.JAVA_INT, at, descriptor.number());
      at += Integer.BYTES;
    }
    return head(to, offset, Abi.SOL_SOCKET, Abi.SCM_RIGHTS, descriptors.size() * Integer.BYTES);
  }

  /** Writes the head of a control message; returns how much room the whole takes. */
  static int head(MemorySegment to, long offset, int level, int type, int bytes) {
    to.set(ValueLayout.JAVA_LONG, offset + Abi.Cmsghdr.LEN, Abi.Cmsghdr.SIZE + bytes);
    to.set(ValueLayout.JAVA_INT, offset + Abi.Cmsghdr.LEVEL, level);
    to.set(ValueLayout.JAVA_INT, offset + Abi.Cmsghdr.TYPE, type);
    return Abi.Cmsghdr.space(bytes);
  }

  /** Closes the descriptors of a message that nobody will see. */
  static void discard(MemorySegment from, long offset, long length) {
    visit(from, offset, length, new Discarding());
  }

  /**
   * Reads what came with a message.
   *
   * @param max how many descriptors were asked for; the kernel may deliver one more, for what it
   *     rounds up
   * @param truncated whether the kernel discarded some
   */
  static Ancillary read(MemorySegment from, long offset, long length, int max, boolean truncated) {
    Reading reading = new Reading(max);
    visit(from, offset, length, reading);
    if (reading.packet != null) {
      return Ancillary.received(reading.packet.info(), reading.timestamp);
    }
    return Ancillary.received(
        reading.descriptors,
        reading.credentials,
        truncated || reading.tooMany,
        reading.timestamp,
        reading.pidfd);
  }

  /** Reads a {@code struct ucred}. */
  static PeerCredentials credentials(MemorySegment from, long at) {
    return new PeerCredentials(
        from.get(ValueLayout.JAVA_INT, at + Abi.Ucred.PID),
        Integer.toUnsignedLong(from.get(ValueLayout.JAVA_INT, at + Abi.Ucred.UID)),
        Integer.toUnsignedLong(from.get(ValueLayout.JAVA_INT, at + Abi.Ucred.GID)));
  }

  /** The kernel cuts the last one to the room that is left (put_cmsg of net/core/scm.c). */
  static boolean has(long size, int bytes) {
    return size >= Abi.Cmsghdr.SIZE + bytes;
  }

  private interface Visitor {
    void descriptor(int number);

    default void pidfd(int number) {
      descriptor(number);
    }

    default void other(int type, MemorySegment from, long data, long size) {}

    default void packet(int level, int type, MemorySegment from, long data, long size) {}
  }

  /** Returns the size of the messages that came joined, but for the last; 0 if none did. */
  static int segmentSize(MemorySegment from, long offset, long length) {
    Joined joined = new Joined();
    visit(from, offset, length, joined);
    return joined.size;
  }

  private static final class Joined implements Visitor {
    private int size;

    @Override
    public void descriptor(int number) {}

    @Override
    public void packet(int level, int type, MemorySegment from, long data, long size) {
      if (level == Abi.IPPROTO_UDP && type == Abi.UDP_GRO && has(size, Integer.BYTES)) {
        this.size = from.get(ValueLayout.JAVA_INT, data);
      }
    }
  }

  /** By cmsg_len, which tells how many descriptors there really are. */
  private static void visit(MemorySegment from, long offset, long length, Visitor visitor) {
    long at = offset;
    long end = offset + length;
    while (end - at >= Abi.Cmsghdr.SIZE) {
      long size = from.get(ValueLayout.JAVA_LONG, at + Abi.Cmsghdr.LEN);
      if (size < Abi.Cmsghdr.SIZE || size > end - at) {
        return;
      }
      long data = at + Abi.Cmsghdr.SIZE;
      int level = from.get(ValueLayout.JAVA_INT, at + Abi.Cmsghdr.LEVEL);
      int type = from.get(ValueLayout.JAVA_INT, at + Abi.Cmsghdr.TYPE);
      if (level != Abi.SOL_SOCKET) {
        visitor.packet(level, type, from, data, size);
      } else {
        if (type == Abi.SCM_RIGHTS) {
          for (long fd = data; fd + Integer.BYTES <= at + size; fd += Integer.BYTES) {
            visitor.descriptor(from.get(ValueLayout.JAVA_INT, fd));
          }
        } else if (type == Abi.SCM_PIDFD && has(size, Integer.BYTES)) {
          int number = from.get(ValueLayout.JAVA_INT, data);
          if (number >= 0) { // Otherwise it is the errno of opening it.
            visitor.pidfd(number);
          }
        } else {
          visitor.other(type, from, data, size);
        }
      }
      at += Abi.Cmsghdr.align((int) size);
    }
  }

  private static final class Discarding implements Visitor {
    @Override
    public void descriptor(int number) {
      FfmFd.close(number);
    }
  }

  private static final class Reading implements Visitor {
    private final int max;
    private List<OwnedFd> descriptors = List.of();
    private @Nullable PeerCredentials credentials;
    private @Nullable Instant timestamp;
    private @Nullable OwnedFd pidfd;
    private @Nullable PacketReading packet;
    private boolean tooMany;

    Reading(int max) {
      this.max = max;
    }

    @Override
    public void descriptor(int number) {
      if (descriptors.size() == max) {
        tooMany = true;
        FfmFd.close(number);
        return;
      }
      if (descriptors.isEmpty()) {
        descriptors = new ArrayList<>(Math.min(max, 4));
      }
      descriptors.add(OwnedFd.wrap(new FfmFd(number)));
    }

    @Override
    public void pidfd(int number) {
      pidfd = OwnedFd.wrap(new FfmFd(number));
    }

    @Override
    public void other(int type, MemorySegment from, long data, long size) {
      if (type == Abi.SCM_CREDENTIALS && has(size, Abi.Ucred.SIZE)) {
        credentials = Control.credentials(from, data);
      } else if (type == Abi.SCM_TIMESTAMPNS && has(size, Abi.Timespec.SIZE)) {
        timestamp =
            Instant.ofEpochSecond(
                from.get(ValueLayout.JAVA_LONG, data + Abi.Timespec.SEC),
                from.get(ValueLayout.JAVA_LONG, data + Abi.Timespec.NSEC));
      }
    }

    @Override
    public void packet(int level, int type, MemorySegment from, long data, long size) {
      if (level == Abi.IPPROTO_UDP) {
        return; // Its segment size, which the ring knows.
      }
      PacketReading current = packet;
      if (current == null) {
        current = new PacketReading();
        packet = current;
      }
      current.read(level, type, from, data, size);
    }
  }
}
