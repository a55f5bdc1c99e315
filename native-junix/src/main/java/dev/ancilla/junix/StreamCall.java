package dev.ancilla.junix;

import dev.ancilla.Ancillary;
import dev.ancilla.Errno;
import dev.ancilla.StreamRead;
import dev.ancilla.spi.FdHandle;
import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.FileDescriptorCast;

/**
 * Memory for one read or write of a stream. Borrowed for the time of the call: so it costs as much
 * as there are threads in calls, however many connections are idle.
 *
 * <p>The kernel itself keeps descriptors with their bytes: a {@code recvmsg} that meets the first
 * byte of a write with descriptors takes these, and nothing of the writes behind it ({@code
 * unix_stream_read_generic} of net/unix/af_unix.c). junixsocket would merge those of several reads,
 * so they are taken after each.
 */
final class StreamCall implements AutoCloseable {
  /** The most bytes of one call. */
  private static final int ROOM = 64 * 1024;

  /** A {@code struct cmsghdr} of 64-bit Linux: length, level, type; then the numbers (cmsg(3)). */
  private static final int CMSG_HEADER = 16;

  private static final ConcurrentLinkedDeque<StreamCall> IDLE = new ConcurrentLinkedDeque<>();

  private final Natives natives = Natives.get();
  private final ByteBuffer bytes = ByteBuffer.allocateDirect(ROOM);
  private final ByteBuffer control =
      ByteBuffer.allocateDirect(ControlBuffer.BYTES_FOR_KERNEL_LIMIT)
          .order(ByteOrder.nativeOrder());
  private final Object ancillary = natives.newAncillary(control);

  private StreamCall() {}

  static StreamCall borrow() {
    StreamCall idle = IDLE.poll();
    return idle == null ? new StreamCall() : idle;
  }

  /** Reads what is there; {@code null} if there is nothing yet. */
  @Nullable StreamRead read(FileDescriptor fd, List<ByteBuffer> targets, int maxDescriptors)
      throws IOException {
    int room = 0;
    for (ByteBuffer target : targets) {
      room += Math.min(target.remaining(), ROOM - room);
    }
    if (maxDescriptors == 0) {
      return take(natives.receive(fd, bytes, room, false, null), targets, Ancillary.none());
    }
    // Looked at first: if the process runs out of descriptors within the read, junixsocket does not
    // tell how many bytes came, which are gone from the kernel.
    int next = natives.receive(fd, bytes, room, true, null);
    if (next <= 0) {
      return take(next, targets, Ancillary.none());
    }
    control.putLong(0, 0);
    int came = next;
    boolean truncated = false;
    try {
      came = natives.receive(fd, bytes, next, false, ancillary);
    } catch (IOException e) {
      if (Failures.errnoOf(e) != Errno.ENOBUFS) {
        throw e;
      }
      truncated = true;
    }
    FileDescriptor[] received = truncated ? installed() : natives.received(ancillary);
    return take(came, targets, Received.take(received, maxDescriptors, truncated));
  }

  /** The descriptors of a message that brought more than the process could take. */
  private FileDescriptor[] installed() throws IOException {
    int length = (int) control.getLong(0);
    int count = length < CMSG_HEADER ? 0 : (length - CMSG_HEADER) / Integer.BYTES;
    FileDescriptor[] installed = new FileDescriptor[count];
    for (int i = 0; i < count; i++) {
      int number = control.getInt(CMSG_HEADER + i * Integer.BYTES);
      installed[i] = FileDescriptorCast.unsafeUsing(number).getFileDescriptor();
    }
    return installed;
  }

  private @Nullable StreamRead take(int came, List<ByteBuffer> targets, Ancillary ancillary) {
    if (came == 0) {
      return null;
    }
    if (came < 0) {
      return StreamRead.end();
    }
    int at = 0;
    for (ByteBuffer target : targets) {
      int part = Math.min(came - at, target.remaining());
      target.put(bytes.slice(at, part));
      at += part;
    }
    return StreamRead.of(came, ancillary);
  }

  /** Writes what the kernel takes; returns how many bytes, which are consumed. */
  int write(FileDescriptor fd, List<ByteBuffer> sources, List<FdHandle> descriptors)
      throws IOException {
    int size = 0;
    for (ByteBuffer source : sources) {
      int part = Math.min(source.remaining(), ROOM - size);
      bytes.put(size, source, source.position(), part);
      size += part;
    }
    int length = size;
    int sent =
        natives.lending(
            ancillary, descriptors, lent -> natives.send(fd, bytes, length, null, lent));
    int left = sent;
    for (ByteBuffer source : sources) {
      int part = Math.min(source.remaining(), left);
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
