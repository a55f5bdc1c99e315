package dev.ancilla.junix;

import dev.ancilla.EventLoop;
import dev.ancilla.SocketOpException;
import dev.ancilla.UnixAddress;
import dev.ancilla.spi.Backoff;
import dev.ancilla.spi.ChannelPoller;
import dev.ancilla.spi.Deadline;
import dev.ancilla.spi.Interest;
import dev.ancilla.spi.Pollers;
import dev.ancilla.spi.SelectorLoop;
import dev.ancilla.spi.Transport;
import dev.ancilla.spi.Wait;
import java.io.FileDescriptor;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NetworkChannel;
import java.nio.channels.SelectableChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFSomeSocketChannel;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import org.newsclub.net.unix.FileDescriptorCast;

/**
 * One socket: a master channel that holds it, and a worker on which calls are made. A stream has a
 * worker once it needs one: so a connection that is accepted with the last descriptor is not lost.
 *
 * <p>One lock guards both, for the short time of a call that never waits: junixsocket keeps the
 * descriptors of a call in fields of the channel, so two calls at a time would mix them up.
 */
abstract class JunixSocket<
        C extends SelectableChannel & NetworkChannel & AFSomeSocketChannel, W extends Worker<C>>
    implements Transport {
  final SelectorLoop loop;
  final ReentrantLock lock = new ReentrantLock();
  private final Class<C> type;
  private C master; // guarded by lock
  private volatile @Nullable W worker; // written under lock
  private boolean closed; // guarded by lock
  private final Pollers<ChannelPoller> readers = new Pollers<>(() -> newPoller(Interest.READ));
  private final Pollers<ChannelPoller> writers = new Pollers<>(() -> newPoller(Interest.WRITE));

  JunixSocket(C master, Class<C> type, SelectorLoop loop) {
    this.master = master;
    this.type = type;
    this.loop = loop;
  }

  /** Makes a transport. */
  @FunctionalInterface
  interface Making<T> {
    T make() throws IOException;
  }

  /** Makes a transport of a channel, which it owns from now on, also if this fails. */
  static <T extends Transport> T over(
      AFSomeSocketChannel master, SelectorLoop loop, Making<T> making) throws IOException {
    boolean done = false;
    try {
      Worker.prepare(master);
      T made = making.make();
      loop.attach();
      done = true;
      return made;
    } finally {
      if (!done) {
        Worker.close(master);
      }
    }
  }

  /** Makes a channel of a descriptor, which it owns from now on, also if this fails. */
  static <C> C channelOf(FileDescriptor fd, Class<C> type) throws IOException {
    boolean done = false;
    try {
      C channel = FileDescriptorCast.using(fd).as(type);
      done = true;
      return channel;
    } finally {
      if (!done) {
        JunixFd.close(fd);
      }
    }
  }

  /** Opens another socket of this kind. */
  abstract C openMaster() throws IOException;

  /** Makes a worker of a duplicate. */
  abstract W newWorker(C duplicate) throws IOException;

  /** Binds the socket; what fails may leave it in any state. */
  abstract void bindTo(UnixAddress name) throws IOException;

  /** Connects a socket that took the place of one that was. */
  void reconnect(UnixAddress peer) throws IOException {}

  @Override
  public final EventLoop eventLoop() {
    return loop;
  }

  // Under the lock.

  final void checkOpen() throws ClosedChannelException {
    if (closed) {
      throw new ClosedChannelException();
    }
  }

  final C master() {
    return master;
  }

  /** Returns the worker for a call; fails if there is none and no descriptor for one. */
  final W workerFor(String operation) throws IOException {
    checkOpen();
    try {
      return liveWorker();
    } catch (IOException outOfDescriptors) {
      throw Failures.of(operation, outOfDescriptors, nameOrNull(), peerOrNull());
    }
  }

  /** Opens the worker before the first call, or closes the socket. */
  final void openWorker() throws IOException {
    boolean done = false;
    lock.lock();
    try {
      workerFor("socket");
      done = true;
    } finally {
      lock.unlock();
      if (!done) {
        close();
      }
    }
  }

  private W liveWorker() throws IOException {
    W current = worker;
    return current != null && current.isAlive() ? current : replaceWorker();
  }

  private W replaceWorker() throws IOException {
    C duplicate = duplicateChannel();
    boolean done = false;
    try {
      W fresh = newWorker(duplicate);
      dropWorker();
      worker = fresh;
      done = true;
      return fresh;
    } finally {
      if (!done) {
        Worker.close(duplicate);
      }
    }
  }

  private void dropWorker() {
    W dead = worker;
    worker = null;
    if (dead != null) {
      dead.close();
      // After it is told to be gone: who begins to wait now waits for another.
      readers.wake(Integer.MAX_VALUE);
      writers.wake(Integer.MAX_VALUE);
    }
  }

  final C duplicateChannel() throws IOException {
    C duplicate = FileDescriptorCast.duplicating(master.getFileDescriptor()).as(type);
    boolean done = false;
    try {
      Worker.prepare(duplicate);
      done = true;
      return duplicate;
    } finally {
      if (!done) {
        Worker.close(duplicate);
      }
    }
  }

  /** After a call that failed: junixsocket may have closed the descriptor it was made on. */
  final void mendWorker() {
    try {
      if (!closed) {
        liveWorker();
      }
    } catch (IOException outOfDescriptors) {
      // The next attempt tries again, and reports it.
    }
  }

  final @Nullable UnixAddress nameOrNull() {
    try {
      return addressOf(master::getLocalAddress);
    } catch (IOException unknown) {
      return null;
    }
  }

  final @Nullable UnixAddress peerOrNull() {
    try {
      return peer();
    } catch (IOException unknown) {
      return null;
    }
  }

  /** Asks junixsocket for an address of a socket. */
  @FunctionalInterface
  interface Asking {
    @Nullable SocketAddress address() throws IOException;
  }

  /** Returns {@code null} where there is no name, or one that is no {@link UnixAddress}. */
  static @Nullable UnixAddress addressOf(Asking asking) throws IOException {
    try {
      return Addresses.ofSocket((AFUNIXSocketAddress) asking.address());
    } catch (SocketException e) {
      String text = e.getMessage();
      if (text != null && text.endsWith("sockname too long")) {
        return null; // A path of 108 bytes, as junixsocket itself says in any language.
      }
      throw e;
    }
  }

  /** Returns the peer's address, or {@code null} if there is no peer. */
  abstract @Nullable UnixAddress peer() throws IOException;

  // Waiting.

  @Override
  public final Wait arm(Interest interest, Runnable wake) {
    lock.lock();
    try {
      if (!closed) {
        return liveWorker().watch.arm(interest, wake);
      }
    } catch (IOException cannotReplace) {
      // Out of descriptors: the wake makes the caller try, and the attempt reports it. Not at once,
      // for who tries again whatever is reported, as a listener does, would do nothing else.
      return Backoff.later(loop, wake);
    } finally {
      lock.unlock();
    }
    loop.execute(wake);
    return () -> {};
  }

  /** Without the lock, which is held by who wakes pollers. */
  private ChannelPoller newPoller(Interest interest) throws IOException {
    W current = worker;
    if (current == null) {
      throw new ClosedChannelException(); // Waiting on the loop makes another worker.
    }
    return ChannelPoller.open(current.channel, interest);
  }

  @Override
  public final boolean await(Interest interest, Deadline deadline) throws InterruptedIOException {
    return (interest == Interest.READ ? readers : writers)
        .await(
            ChannelPoller::poll,
            deadline,
            () -> false,
            () -> Transport.super.await(interest, deadline));
  }

  // The rest.

  @Override
  public final UnixAddress localAddress() throws IOException {
    lock.lock();
    try {
      checkOpen();
      UnixAddress address = addressOf(master::getLocalAddress);
      return address == null ? UnixAddress.unnamed() : address;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public final @Nullable UnixAddress remoteAddress() throws IOException {
    lock.lock();
    try {
      checkOpen();
      return peer();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public final int bufferSize(Interest interest) throws IOException {
    lock.lock();
    try {
      checkOpen();
      return master.getOption(option(interest));
    } finally {
      lock.unlock();
    }
  }

  @Override
  public final void bufferSize(Interest interest, int bytes) throws IOException {
    lock.lock();
    try {
      checkOpen();
      master.setOption(option(interest), bytes);
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      throw Failures.of("setsockopt", e, null, null);
    } finally {
      lock.unlock();
    }
  }

  private static SocketOption<Integer> option(Interest interest) {
    return interest == Interest.READ
        ? StandardSocketOptions.SO_RCVBUF
        : StandardSocketOptions.SO_SNDBUF;
  }

  /** Binds, as the transports that have a name of their own do. */
  public final void bind(SocketAddress address, int mode) throws IOException {
    UnixAddress wanted = (UnixAddress) address;
    boolean choose = wanted.kind() == UnixAddress.Kind.AUTOBIND;
    lock.lock();
    try {
      checkOpen();
      UnixAddress name = choose ? Addresses.randomName() : wanted;
      UnixAddress peer = peer();
      try {
        bindTo(name);
        if (name.kind() == UnixAddress.Kind.PATH) {
          applyMode(name.toPath(), mode);
        }
      } catch (IOException e) {
        SocketOpException failure = Failures.of("bind", e, name, null);
        try {
          startOver(peer);
        } catch (IOException outOfDescriptors) {
          failure.addSuppressed(outOfDescriptors);
        }
        throw failure;
      }
    } finally {
      lock.unlock();
    }
  }

  private static void applyMode(Path path, int mode) throws IOException {
    try {
      Umask.apply(path, mode);
    } catch (IOException e) {
      Files.deleteIfExists(path);
      throw e;
    }
  }

  /**
   * After a bind that failed. junixsocket then tries to connect, to see whether anybody is there,
   * and leaves the socket connected; a fresh one, connected as this was, takes its place. The old
   * one goes first, whatever comes: what is sent without a target must not reach a stranger.
   */
  private void startOver(@Nullable UnixAddress peer) throws IOException {
    int sendBuffer = master.getOption(StandardSocketOptions.SO_SNDBUF);
    int receiveBuffer = master.getOption(StandardSocketOptions.SO_RCVBUF);
    dropWorker();
    Worker.close(master);
    C fresh = openMaster();
    boolean done = false;
    try {
      Worker.prepare(fresh);
      // The kernel doubles what it is given (socket(7)).
      fresh.setOption(StandardSocketOptions.SO_SNDBUF, sendBuffer / 2);
      fresh.setOption(StandardSocketOptions.SO_RCVBUF, receiveBuffer / 2);
      done = true;
    } finally {
      if (!done) {
        Worker.close(fresh);
      }
    }
    master = fresh;
    if (peer != null) {
      reconnect(peer);
    }
  }

  @Override
  public final void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
    } finally {
      lock.unlock();
    }
    readers.close();
    writers.close();
    lock.lock();
    try {
      dropWorker();
      Worker.close(master);
    } finally {
      lock.unlock();
    }
    loop.endSelect();
    release();
    loop.detach();
  }

  /** The step of closing that differs between kinds. */
  void release() {}
}
