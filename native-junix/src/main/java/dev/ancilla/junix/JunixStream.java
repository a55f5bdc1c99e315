package dev.ancilla.junix;

import dev.ancilla.Feature;
import dev.ancilla.OwnedFd;
import dev.ancilla.PeerCredentials;
import dev.ancilla.StreamRead;
import dev.ancilla.UnixAddress;
import dev.ancilla.UnsupportedFeatureException;
import dev.ancilla.spi.FdHandle;
import dev.ancilla.spi.Interest;
import dev.ancilla.spi.SelectorLoop;
import dev.ancilla.spi.StreamOptions;
import dev.ancilla.spi.StreamTransport;
import java.io.FileDescriptor;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXSocketChannel;
import org.newsclub.net.unix.AFUNIXSocketCredentials;

/** The attempts of one Unix stream socket. No interrupt closes it: its calls are no channel's. */
final class JunixStream extends JunixStreamSocket implements StreamTransport {
  private static final int SHUT_RD = 0;
  private static final int SHUT_WR = 1;

  private final int maxDescriptors;

  private JunixStream(AFUNIXSocketChannel master, SelectorLoop loop, StreamOptions options) {
    super(master, loop);
    this.maxDescriptors = options.maxDescriptors();
  }

  /** Makes a transport of a descriptor, which it owns from now on, also if this fails. */
  static JunixStream over(FileDescriptor fd, SelectorLoop loop, StreamOptions options)
      throws IOException {
    AFUNIXSocketChannel master = channelOf(fd, AFUNIXSocketChannel.class);
    return over(master, loop, () -> new JunixStream(master, loop, options));
  }

  @Override
  public boolean tryConnect(SocketAddress address) throws IOException {
    lock.lock();
    try {
      checkOpen();
      return natives.connect(fd(), (UnixAddress) address);
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      throw Failures.of("connect", e, nameOrNull(), address);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public @Nullable StreamRead tryRead(List<ByteBuffer> targets) throws IOException {
    lock.lock();
    try (StreamCall call = StreamCall.borrow()) {
      FileDescriptor fd = workerFor("read").fd;
      try {
        return call.read(fd, targets, maxDescriptors);
      } catch (IOException e) {
        mendWorker();
        throw Failures.of("read", e, nameOrNull(), peerOrNull());
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long tryWrite(List<ByteBuffer> sources, List<FdHandle> descriptors) throws IOException {
    lock.lock();
    try (StreamCall call = StreamCall.borrow()) {
      FileDescriptor fd = workerFor("write").fd;
      try {
        return call.write(fd, sources, descriptors);
      } catch (IOException e) {
        mendWorker();
        throw Failures.of("write", e, nameOrNull(), peerOrNull());
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void shutdown(Interest interest) throws IOException {
    lock.lock();
    try {
      checkOpen();
      natives.shutdown(fd(), interest == Interest.READ ? SHUT_RD : SHUT_WR);
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      throw Failures.of("shutdown", e, nameOrNull(), peerOrNull());
    } finally {
      lock.unlock();
    }
  }

  @Override
  public PeerCredentials peerCredentials() throws IOException {
    lock.lock();
    try {
      checkOpen();
      AFUNIXSocketCredentials peer = master().getPeerCredentials();
      return new PeerCredentials(peer.getPid(), peer.getUid(), peer.getGid());
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      throw Failures.of("getsockopt", e, nameOrNull(), peerOrNull());
    } finally {
      lock.unlock();
    }
  }

  @Override
  public OwnedFd peerPidfd() {
    throw new UnsupportedFeatureException(Feature.PEER_PIDFD, JunixProvider.NAME, "peerPidfd");
  }
}
