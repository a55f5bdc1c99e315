package dev.ancilla.ffm;

import dev.ancilla.EventLoop;
import dev.ancilla.OwnedFd;
import dev.ancilla.PeerCredentials;
import dev.ancilla.spi.Deadline;
import dev.ancilla.spi.FdHandle;
import dev.ancilla.spi.Interest;
import dev.ancilla.spi.Pollers;
import dev.ancilla.spi.Transport;
import dev.ancilla.spi.Wait;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One descriptor of a socket, on its loop: waiting, closing, and what the calls on it share.
 *
 * <p>Two locks, one a direction, are held for the short time of a call that never waits: they guard
 * the memory of the call, and closing takes both, so that no call meets a descriptor number that
 * may mean another file. No call changes the open file description, which may be shared with
 * others: what must not wait says so itself ({@code MSG_DONTWAIT}) as far as it can.
 */
abstract class FfmSocket implements Transport {
  final int fd;
  final EpollLoop loop;
  final Family family;
  final EpollWatch watch;
  final Pollers<Poller> readers = new Pollers<>(Poller::create);
  final Pollers<Poller> writers = new Pollers<>(Poller::create);
  final ReentrantLock receiving = new ReentrantLock();
  final ReentrantLock sending = new ReentrantLock();
  private boolean closed; // written under both locks
  private final Spin readSpin = new Spin();
  private final Spin writeSpin = new Spin();

  /** The last step of making one is to count it in with its loop. */
  FfmSocket(int fd, EpollLoop loop, Family family) {
    this.fd = fd;
    this.loop = loop;
    this.family = family;
    this.watch = new EpollWatch(loop, fd, this::passOn);
  }

  /** Makes a transport. */
  @FunctionalInterface
  interface Making<T extends FfmSocket> {
    T make() throws IOException;
  }

  /** Makes a transport of a descriptor, which it owns from now on, also if this fails. */
  static <T extends FfmSocket> T orClose(int fd, Making<T> making) throws IOException {
    boolean done = false;
    try {
      T made = making.make();
      done = true;
      return made;
    } finally {
      if (!done) {
        FfmFd.close(fd);
      }
    }
  }

  @Override
  public EventLoop eventLoop() {
    return loop;
  }

  /** Under one of the locks. */
  void checkOpen() throws ClosedChannelException {
    if (closed) {
      throw new ClosedChannelException();
    }
  }

  // Waiting.

  /** How many messages are here that the kernel does not have any more. */
  int left() {
    return 0;
  }

  /**
   * While messages are here that the kernel does not have any more, wakes one waiter after the
   * other: one that gives up after its wake, or makes no attempt, thereby holds up nobody.
   */
  void passOn() {
    int left = left();
    if (left > 0 && !watch.wakeNext(Interest.READ, this::passOn)) {
      readers.wake(left);
    }
  }

  @Override
  public Wait arm(Interest interest, Runnable wake) {
    Wait armed = watch.arm(interest, wake);
    if (interest == Interest.READ) {
      passOn();
    }
    return armed;
  }

  @Override
  public boolean await(Interest interest, Deadline deadline) throws InterruptedIOException {
    if (Thread.currentThread().isVirtual()) {
      return Transport.super.await(interest, deadline);
    }
    if ((interest == Interest.READ ? readSpin : writeSpin).goesOn(loop.spinNanos(), deadline)) {
      return true;
    }
    Pollers.Waiting parked = () -> Transport.super.await(interest, deadline);
    return interest == Interest.READ
        ? readers.await(polling(Abi.POLLIN), deadline, () -> left() > 0, parked)
        : writers.await(polling(Abi.POLLOUT), deadline, () -> false, parked);
  }

  Pollers.Polling<Poller> polling(short events) {
    return (poller, nanos) -> poller.poll(fd, events, nanos);
  }

  /** Something came: blocking calls spin from now on anew. */
  void arrived() {
    readSpin.end();
  }

  // The rest.

  /** A call on the descriptor. */
  @FunctionalInterface
  interface OnSocket<T extends @Nullable Object> {
    T call(int fd) throws IOException;
  }

  <T extends @Nullable Object> T onSocket(OnSocket<T> work) throws IOException {
    sending.lock();
    try {
      checkOpen();
      return work.call(fd);
    } finally {
      sending.unlock();
    }
  }

  @Override
  public FdHandle duplicate() throws IOException {
    return onSocket(FfmFd::duplicateOf);
  }

  @Override
  public SocketAddress localAddress() throws IOException {
    SocketAddress address = onSocket(Sock::localAddress);
    return address == null ? family.unbound() : address;
  }

  @Override
  public @Nullable SocketAddress remoteAddress() throws IOException {
    return onSocket(Sock::remoteAddress);
  }

  @Nullable SocketAddress nameOrNull() {
    try {
      return localAddress();
    } catch (IOException unknown) {
      return null;
    }
  }

  @Nullable SocketAddress peerOrNull() {
    try {
      return remoteAddress();
    } catch (IOException unknown) {
      return null;
    }
  }

  @Override
  public int bufferSize(Interest interest) throws IOException {
    return onSocket(number -> Sock.option(number, buffer(interest)));
  }

  @Override
  public void bufferSize(Interest interest, int bytes) throws IOException {
    onSocket(
        number -> {
          Sock.setOption(number, buffer(interest), bytes);
          return bytes;
        });
  }

  private static int buffer(Interest interest) {
    return interest == Interest.READ ? Abi.SO_RCVBUF : Abi.SO_SNDBUF;
  }

  /** Binds, as the transports that have a name of their own do. */
  public void bind(SocketAddress address, int mode) throws IOException {
    onSocket(
        number -> {
          family.bind(number, address, mode);
          return address;
        });
  }

  // What the transports of connections have; others do not tell.

  public boolean tryConnect(SocketAddress address) throws IOException {
    int result = onSocket(number -> Sock.connect(number, address));
    if (result == -Abi.EAGAIN) {
      return false;
    }
    if (result < 0) {
      throw Failures.of("connect", result, nameOrNull(), address);
    }
    return true;
  }

  public void shutdown(Interest interest) throws IOException {
    int how = interest == Interest.READ ? Abi.SHUT_RD : Abi.SHUT_WR;
    int result = onSocket(number -> Sock.shutdown(number, how));
    if (result < 0) {
      throw Failures.of("shutdown", result, nameOrNull(), peerOrNull());
    }
  }

  public PeerCredentials peerCredentials() throws IOException {
    return onSocket(Sock::peerCredentials);
  }

  public OwnedFd peerPidfd() throws IOException {
    return OwnedFd.wrap(new FfmFd(onSocket(number -> Sock.option(number, Abi.SO_PEERPIDFD))));
  }

  @Override
  public final void close() {
    receiving.lock();
    sending.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      watch.close();
      readers.close();
      writers.close();
      release();
      FfmFd.close(fd);
    } finally {
      sending.unlock();
      receiving.unlock();
    }
    loop.detach();
  }

  /** The step of closing that differs between kinds, under both locks. */
  abstract void release();
}
