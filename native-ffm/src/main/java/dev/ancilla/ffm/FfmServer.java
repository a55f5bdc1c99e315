package dev.ancilla.ffm;

import dev.ancilla.spi.ServerTransport;
import dev.ancilla.spi.StreamOptions;
import dev.ancilla.spi.StreamTransport;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The attempts of one Unix stream socket that listens. */
final class FfmServer extends FfmSocket implements ServerTransport {
  private final StreamOptions options;

  private FfmServer(int fd, EpollLoop loop, StreamOptions options) throws IOException {
    super(fd, loop, UnixFamily.INSTANCE);
    this.options = options;
    loop.attach();
  }

  /** Makes a transport of a descriptor, which it owns from now on, also if this fails. */
  static FfmServer over(int fd, EpollLoop loop, StreamOptions options) throws IOException {
    return orClose(fd, () -> new FfmServer(fd, loop, options));
  }

  @Override
  public void listen(int backlog) throws IOException {
    int result = onSocket(number -> Sock.listen(number, backlog));
    if (result < 0) {
      throw Failures.of("listen", result, nameOrNull(), null);
    }
  }

  @Override
  public @Nullable StreamTransport tryAccept() throws IOException {
    int accepted;
    receiving.lock();
    try {
      checkOpen();
      accepted = Sock.accept(fd);
    } finally {
      receiving.unlock();
    }
    if (accepted == -Abi.EAGAIN) {
      return null;
    }
    if (accepted < 0) {
      throw Failures.of("accept", accepted, nameOrNull(), null);
    }
    arrived();
    return FfmStream.over(accepted, loop, options);
  }

  @Override
  void release() {}
}
