package dev.ancilla.ffm;

import dev.ancilla.spi.ConnectionTransport;
import dev.ancilla.spi.ServerTransport;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The attempts of one Unix socket that listens. */
final class FfmServer extends FfmSocket implements ServerTransport {
  private final Adopting.Over<? extends ConnectionTransport> accepting;

  private FfmServer(int fd, EpollLoop loop, Adopting.Over<? extends ConnectionTransport> accepting)
      throws IOException {
    super(fd, loop, UnixFamily.INSTANCE);
    this.accepting = accepting;
    loop.attach();
  }

  /**
   * Makes a transport of a descriptor, which it owns from now on, also if this fails.
   *
   * @param accepting makes the transports of what it accepts
   */
  static FfmServer over(
      int fd, EpollLoop loop, Adopting.Over<? extends ConnectionTransport> accepting)
      throws IOException {
    return orClose(fd, () -> new FfmServer(fd, loop, accepting));
  }

  @Override
  public void listen(int backlog) throws IOException {
    int result = onSocket(number -> Sock.listen(number, backlog));
    if (result < 0) {
      throw Failures.of("listen", result, nameOrNull(), null);
    }
  }

  @Override
  public @Nullable ConnectionTransport tryAccept() throws IOException {
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
    return accepting.make(accepted);
  }

  @Override
  void release() {}
}
