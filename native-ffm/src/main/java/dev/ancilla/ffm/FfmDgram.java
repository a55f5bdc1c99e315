package dev.ancilla.ffm;

import dev.ancilla.Datagram;
import dev.ancilla.EventLoop;
import dev.ancilla.UnixAddress;
import dev.ancilla.spi.Deadline;
import dev.ancilla.spi.DgramOptions;
import dev.ancilla.spi.DgramTransport;
import dev.ancilla.spi.FdHandle;
import dev.ancilla.spi.Interest;
import dev.ancilla.spi.ReceiveSlab;
import dev.ancilla.spi.SendSlab;
import dev.ancilla.spi.Wait;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The attempts of one Unix datagram socket.
 *
 * <p>Two locks, one a direction, are held for the short time of a call that never waits: they guard
 * the memory of the call, and closing takes both, so that no call meets a descriptor number that
 * may mean another file. No call changes the open file description, which may be shared with
 * others: what must not wait says so itself ({@code MSG_DONTWAIT}).
 */
final class FfmDgram implements DgramTransport {
  private static final Duration BACKOFF = Duration.ofMillis(10);

  final EpollWatch watch;
  private final int fd;
  private final EpollLoop loop;
  private final DgramOptions options;
  private final SendGates gates;
  private final Pollers readers = new Pollers();
  private final Pollers writers = new Pollers();
  private final Prefetch prefetch; // guarded by receiving
  private final ReentrantLock receiving = new ReentrantLock();
  private final ReentrantLock sending = new ReentrantLock();
  private @Nullable SendCall call; // guarded by sending
  private boolean closed; // written under both locks
  private volatile boolean likelyEmpty; // written under receiving
  private volatile long spinUntil; // of blocking calls; 0 while none spins

  private FfmDgram(int fd, EpollLoop loop, DgramOptions options) {
    this.fd = fd;
    this.loop = loop;
    this.options = options;
    this.watch = new EpollWatch(loop, fd, this::passOn);
    this.gates = new SendGates(this, loop);
    this.prefetch = new Prefetch(fd, options, loop.overflows());
  }

  /** Makes a transport of a descriptor, which it owns from now on, also if this fails. */
  static FfmDgram over(int fd, EpollLoop loop, DgramOptions options) throws IOException {
    boolean done = false;
    try {
      if (options.credentials()) {
        Sock.option(fd, Abi.SO_PASSCRED, 1);
      }
      if (options.pidfds()) {
        Sock.option(fd, Abi.SO_PASSPIDFD, 1);
      }
      if (options.timestamps()) {
        Sock.option(fd, Abi.SO_TIMESTAMPNS, 1);
      }
      loop.attach();
      done = true;
      return new FfmDgram(fd, loop, options);
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

  private void checkOpen() throws ClosedChannelException {
    if (closed) {
      throw new ClosedChannelException();
    }
  }

  // Receiving.

  @Override
  public @Nullable Datagram tryReceive(int limit) throws IOException {
    Datagram message;
    receiving.lock();
    try {
      checkOpen();
      if (prefetch.isEmpty()) {
        int most = prefetch.most();
        if (!received(prefetch.fetch(most), most)) {
          return null;
        }
      }
      message = prefetch.take(limit);
    } finally {
      receiving.unlock();
    }
    passOn();
    return message;
  }

  /** Returns false if it would block. */
  private boolean received(int came, int most) throws IOException {
    // A call that brought less than it could has met the end of the queue (recvmmsg(2)). One that
    // was for a single message has not looked: mostly there is no other.
    likelyEmpty = came < most || most == 1;
    if (came == -Abi.EAGAIN) {
      return false;
    }
    if (came < 0) {
      throw Failures.of("receive", came, nameOrNull(), null);
    }
    spinUntil = 0;
    return true;
  }

  @Override
  public ReceiveSlab newReceiveSlab(int messages, int bytes) {
    return new FfmReceiveSlab(messages, bytes, options);
  }

  @Override
  public int tryReceive(ReceiveSlab slab, int limit) throws IOException {
    FfmReceiveSlab own = (FfmReceiveSlab) slab;
    int count;
    receiving.lock();
    try {
      checkOpen();
      if (prefetch.isEmpty()) {
        int most = Math.min(own.capacity(), prefetch.mostInBatch());
        int came = own.fill(options, limit, ring -> ring.fill(fd, most, loop.overflows()));
        count = received(came, most) ? came : 0;
      } else {
        count = own.take(() -> prefetch.takeAll(own.capacity(), limit));
      }
    } finally {
      receiving.unlock();
    }
    passOn();
    return count;
  }

  @Override
  public boolean likelyEmpty() {
    return likelyEmpty && prefetch.left() == 0 && loop.inLoop();
  }

  // Sending.

  @Override
  public boolean trySend(
      ByteBuffer payload, @Nullable SocketAddress target, List<FdHandle> descriptors)
      throws IOException {
    sending.lock();
    try {
      checkOpen();
      SendCall current = call;
      if (current == null) {
        current = new SendCall();
        call = current;
      }
      int sent = current.send(fd, payload, target, descriptors);
      if (!sent(sent, target)) {
        return false;
      }
    } finally {
      sending.unlock();
    }
    payload.position(payload.limit());
    return true;
  }

  /** Returns false if it would block. */
  private boolean sent(int result, @Nullable SocketAddress target) throws IOException {
    if (result == -Abi.EAGAIN) {
      return false;
    }
    if (result < 0) {
      throw Failures.of("send", result, nameOrNull(), target == null ? peerOrNull() : target);
    }
    if (target != null) {
      gates.sent((UnixAddress) target);
    }
    return true;
  }

  @Override
  public SendSlab newSendSlab(int messages, int bytes) {
    return new FfmSendSlab(messages, bytes);
  }

  @Override
  public int trySend(SendSlab slab) throws IOException {
    FfmSendSlab own = (FfmSendSlab) slab;
    if (own.count() == 0) {
      return 0;
    }
    int sent;
    sending.lock();
    try {
      checkOpen();
      SocketAddress target = own.firstTarget();
      sent = own.send(fd);
      if (!sent(sent, target)) {
        return 0;
      }
    } finally {
      sending.unlock();
    }
    return sent;
  }

  // Waiting.

  /**
   * While messages are here that the kernel does not have any more, wakes one waiter after the
   * other: one that gives up after its wake, or makes no attempt, thereby holds up nobody.
   */
  private void passOn() {
    int left = prefetch.left();
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
  public Wait armSend(@Nullable SocketAddress target, Runnable wake) {
    return target == null ? arm(Interest.WRITE, wake) : gates.arm((UnixAddress) target, wake);
  }

  @Override
  public boolean await(Interest interest, Deadline deadline) throws InterruptedIOException {
    if (Thread.currentThread().isVirtual()) {
      return DgramTransport.super.await(interest, deadline);
    }
    if (spin()) {
      return true;
    }
    Pollers.Waiting parked = () -> DgramTransport.super.await(interest, deadline);
    return interest == Interest.READ
        ? readers.await(fd, Abi.POLLIN, deadline, () -> prefetch.left() > 0, parked)
        : writers.await(fd, Abi.POLLOUT, deadline, () -> false, parked);
  }

  @Override
  public boolean awaitSend(@Nullable SocketAddress target, Deadline deadline)
      throws InterruptedIOException {
    if (target == null) {
      return await(Interest.WRITE, deadline);
    }
    if (Thread.currentThread().isVirtual()) {
      return parkSend(target, deadline);
    }
    return gates.await((UnixAddress) target, deadline);
  }

  /** The wait that needs no descriptor of its own. */
  boolean parkSend(SocketAddress target, Deadline deadline) throws InterruptedIOException {
    return DgramTransport.super.awaitSend(target, deadline);
  }

  /**
   * On a loop that spins its blocking calls do too: until the time has passed, the next attempt is
   * always worth making.
   */
  private boolean spin() throws InterruptedIOException {
    long nanos = loop.spinNanos();
    if (nanos == 0) {
      return false;
    }
    Pollers.checkInterrupt();
    long now = System.nanoTime();
    long until = spinUntil;
    if (until == 0) {
      spinUntil = now + nanos;
      return true;
    }
    if (now - until < 0) {
      Thread.onSpinWait();
      return true;
    }
    spinUntil = 0;
    return false;
  }

  /** Whether it is connected, but not to this target. */
  boolean isConnectedElsewhere(UnixAddress target) {
    UnixAddress peer = peerOrNull();
    return peer != null && !peer.equals(target);
  }

  /** Room in the socket's own buffer, as far as that can be polled. */
  boolean awaitOwnRoom(UnixAddress target, Deadline deadline) throws InterruptedIOException {
    if (!isConnectedElsewhere(target)) {
      return writers.await(
          fd, Abi.POLLOUT, deadline, () -> false, () -> parkSend(target, deadline));
    }
    writers.await(fd, (short) 0, Deadline.after(BACKOFF), () -> false, () -> true);
    return deadline.remainingNanos() > 0;
  }

  // The rest.

  /** A call on the descriptor. */
  @FunctionalInterface
  private interface OnSocket<T extends @Nullable Object> {
    T call(int fd) throws IOException;
  }

  private <T extends @Nullable Object> T onSocket(OnSocket<T> work) throws IOException {
    sending.lock();
    try {
      checkOpen();
      return work.call(fd);
    } finally {
      sending.unlock();
    }
  }

  @Override
  public UnixAddress localAddress() throws IOException {
    UnixAddress address = onSocket(Sock::localAddress);
    return address == null ? UnixAddress.unnamed() : address;
  }

  @Override
  public @Nullable UnixAddress remoteAddress() throws IOException {
    return onSocket(Sock::remoteAddress);
  }

  private @Nullable UnixAddress nameOrNull() {
    try {
      return localAddress();
    } catch (IOException unknown) {
      return null;
    }
  }

  private @Nullable UnixAddress peerOrNull() {
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
          Sock.option(number, buffer(interest), bytes);
          return bytes;
        });
  }

  private static int buffer(Interest interest) {
    return interest == Interest.READ ? Abi.SO_RCVBUF : Abi.SO_SNDBUF;
  }

  @Override
  public void bind(SocketAddress address, int mode) throws IOException {
    onSocket(number -> Naming.bind(number, (UnixAddress) address, mode));
  }

  @Override
  public void connect(SocketAddress address) throws IOException {
    anew("connect", address, number -> Sock.connect(number, address));
  }

  /**
   * Dissolves a connection or makes one. When a socket leaves its peer the kernel drops what it has
   * not received (unix_dgram_disconnected of net/unix/af_unix.c), so what was taken ahead goes too.
   */
  private void anew(String operation, @Nullable SocketAddress address, OnSocket<Integer> work)
      throws IOException {
    receiving.lock();
    try {
      UnixAddress left = remoteAddress();
      int result = onSocket(work);
      if (result < 0) {
        throw Failures.of(operation, result, null, address);
      }
      if (left != null && !left.equals(address)) {
        prefetch.drop();
      }
    } finally {
      receiving.unlock();
    }
  }

  @Override
  public void disconnect() throws IOException {
    anew("disconnect", null, Sock::disconnect);
  }

  @Override
  public void close() {
    receiving.lock();
    sending.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      likelyEmpty = false;
      watch.close();
      gates.close();
      readers.close();
      writers.close();
      prefetch.close();
      if (call != null) {
        call.close();
      }
      FfmFd.close(fd);
    } finally {
      sending.unlock();
      receiving.unlock();
    }
    loop.detach();
  }
}
