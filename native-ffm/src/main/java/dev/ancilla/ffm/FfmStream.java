package dev.ancilla.ffm;

import dev.ancilla.StreamRead;
import dev.ancilla.spi.FdHandle;
import dev.ancilla.spi.StreamOptions;
import dev.ancilla.spi.StreamTransport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The attempts of one Unix stream socket.
 *
 * <p>The kernel itself keeps descriptors with their bytes: a {@code recvmsg} that meets the first
 * byte of a write with descriptors takes these, and nothing of the writes behind it ({@code
 * unix_stream_read_generic} of net/unix/af_unix.c).
 */
final class FfmStream extends FfmSocket implements StreamTransport {
  private final int maxDescriptors;
  private final int others; // the room for what comes unasked

  private FfmStream(int fd, EpollLoop loop, StreamOptions options, int others) throws IOException {
    super(fd, loop, UnixFamily.INSTANCE);
    this.maxDescriptors = options.maxDescriptors();
    this.others = others;
    loop.attach();
  }

  /** Makes a transport of a descriptor, which it owns from now on, also if this fails. */
  static FfmStream over(int fd, EpollLoop loop, StreamOptions options) throws IOException {
    return over(fd, loop, options, 0);
  }

  /**
   * Makes a transport as the other form does.
   *
   * @param others what {@link Beside#ofStream} says of it, or of its server
   */
  static FfmStream over(int fd, EpollLoop loop, StreamOptions options, int others)
      throws IOException {
    return orClose(fd, () -> new FfmStream(fd, loop, options, others));
  }

  @Override
  public @Nullable StreamRead tryRead(List<ByteBuffer> targets) throws IOException {
    receiving.lock();
    try (StreamCall call = StreamCall.borrow()) {
      checkOpen();
      int came = call.receive(fd, targets, maxDescriptors, others);
      if (came == -Abi.EAGAIN) {
        return null;
      }
      if (came < 0) {
        throw Failures.of("read", came, nameOrNull(), peerOrNull());
      }
      arrived();
      return came == 0 ? StreamRead.end() : call.take(came, targets, maxDescriptors);
    } finally {
      receiving.unlock();
    }
  }

  @Override
  public long tryWrite(List<ByteBuffer> sources, List<FdHandle> descriptors) throws IOException {
    sending.lock();
    try (StreamCall call = StreamCall.borrow()) {
      checkOpen();
      int sent = call.send(fd, sources, descriptors);
      if (sent == -Abi.EAGAIN) {
        return 0;
      }
      if (sent < 0) {
        throw Failures.of("write", sent, nameOrNull(), peerOrNull());
      }
      return sent;
    } finally {
      sending.unlock();
    }
  }

  @Override
  void release() {}
}
