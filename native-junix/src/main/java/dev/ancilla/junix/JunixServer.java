package dev.ancilla.junix;

import dev.ancilla.spi.FdHandle;
import dev.ancilla.spi.SelectorLoop;
import dev.ancilla.spi.ServerTransport;
import dev.ancilla.spi.StreamOptions;
import dev.ancilla.spi.StreamTransport;
import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXSocketChannel;

/**
 * The attempts of one Unix stream socket that listens. To junixsocket it is no server, for its
 * servers stop when their file moves, and remove files as they bind and close.
 */
final class JunixServer extends JunixStreamSocket implements ServerTransport {
  private final StreamOptions options;

  private JunixServer(AFUNIXSocketChannel master, SelectorLoop loop, StreamOptions options) {
    super(master, loop);
    this.options = options;
  }

  /** Makes a transport of a descriptor, which it owns from now on, also if this fails. */
  static JunixServer over(FileDescriptor fd, SelectorLoop loop, StreamOptions options)
      throws IOException {
    AFUNIXSocketChannel master = channelOf(fd, AFUNIXSocketChannel.class);
    return over(master, loop, () -> new JunixServer(master, loop, options));
  }

  @Override
  public void listen(int backlog) throws IOException {
    lock.lock();
    try {
      checkOpen();
      natives.listen(fd(), backlog);
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      throw Failures.of("listen", e, nameOrNull(), null);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public @Nullable StreamTransport tryAccept() throws IOException {
    FileDescriptor accepted;
    lock.lock();
    try {
      FileDescriptor fd = workerFor("accept").fd;
      try {
        accepted = natives.accept(fd);
      } catch (IOException e) {
        mendWorker();
        throw Failures.of("accept", e, nameOrNull(), null);
      }
    } finally {
      lock.unlock();
    }
    return accepted == null ? null : JunixStream.over(accepted, loop, options);
  }

  @Override
  public FdHandle duplicate() throws IOException {
    lock.lock();
    try {
      checkOpen();
      return JunixFd.duplicateOf(fd());
    } finally {
      lock.unlock();
    }
  }
}
