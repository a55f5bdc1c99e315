package dev.ancilla.ffm;

import dev.ancilla.Datagram;
import dev.ancilla.Errno;
import dev.ancilla.EventLoop;
import dev.ancilla.PacketInfo;
import dev.ancilla.SocketOpException;
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
 * The attempts of one message socket.
 *
 * <p>Two locks, one a direction, are held for the short time of a call that never waits: they guard
 * the memory of the call, and closing takes both, so that no call meets a descriptor number that
 * may mean another file. No call changes the open file description, which may be shared with
 * others: what must not wait says so itself ({@code MSG_DONTWAIT}).
 */
class FfmDgram implements DgramTransport {
  private static final Duration BACKOFF = Duration.ofMillis(10);

  final EpollWatch watch;
  private final int fd;
  private final EpollLoop loop;
  private final Family family;
  private final Beside beside;
  private final @Nullable SendGates gates; // where messages wait at their targets
  private final Pollers readers = new Pollers();
  private final Pollers writers = new Pollers();
  private final Prefetch prefetch; // guarded by receiving
  private final ReentrantLock receiving = new ReentrantLock();
  private final ReentrantLock sending = new ReentrantLock();
  private @Nullable SendCall call; // guarded by sending
  private @Nullable SocketAddress only; // guarded by sending: the peer, where it shuts others out
  private final Segments.Offload offload; // guarded by sending
  private boolean closed; // written under both locks
  private volatile boolean likelyEmpty; // written under receiving
  private volatile long spinUntil; // of blocking calls; 0 while none spins

  FfmDgram(int fd, EpollLoop loop, Family family, Beside beside) throws IOException {
    this.fd = fd;
    this.loop = loop;
    this.family = family;
    this.beside = beside;
    this.watch = new EpollWatch(loop, fd, this::passOn);
    this.gates = family.queuesAtTarget() ? new SendGates(this, loop) : null;
    this.only = family.queuesAtTarget() ? null : Sock.remoteAddress(fd);
    this.offload = new Segments.Offload(!family.queuesAtTarget());
    this.prefetch = new Prefetch(fd, beside, loop.overflows());
    beside.ask(fd);
    loop.attach();
  }

  /** Makes a transport of a descriptor, which it owns from now on, also if this fails. */
  static FfmDgram over(int fd, EpollLoop loop, Family family, DgramOptions options)
      throws IOException {
    return orClose(fd, () -> new FfmDgram(fd, loop, family, new Beside(options, false, false)));
  }

  /** Makes a transport. */
  @FunctionalInterface
  interface Making<T extends FfmDgram> {
    T make() throws IOException;
  }

  static <T extends FfmDgram> T orClose(int fd, Making<T> making) throws IOException {
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
      throw Failures.of("receive", came, nameOrNull(), peerOrNull());
    }
    spinUntil = 0;
    return true;
  }

  @Override
  public ReceiveSlab newReceiveSlab(int messages, int bytes) {
    return new FfmReceiveSlab(messages, bytes, beside);
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
        int came = own.fill(beside, limit, ring -> ring.fill(fd, most, loop.overflows()));
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
    return trySend(payload, target, descriptors, null);
  }

  boolean trySend(
      ByteBuffer payload,
      @Nullable SocketAddress target,
      List<FdHandle> descriptors,
      @Nullable PacketInfo source)
      throws IOException {
    sending.lock();
    try {
      checkOpen();
      refuseOther(target);
      SendCall current = call;
      if (current == null) {
        current = new SendCall();
        call = current;
      }
      current.beside(descriptors, source, target == null ? only : target);
      int sent = current.send(fd, payload, target);
      if (!sent(sent, target)) {
        return false;
      }
    } finally {
      sending.unlock();
    }
    payload.position(payload.limit());
    return true;
  }

  /** The kernel would let it through. */
  private void refuseOther(@Nullable SocketAddress target) throws SocketOpException {
    if (target != null && only != null) {
      throw new SocketOpException(
          "send", Errno.EISCONN, "the socket is connected to " + only, nameOrNull(), target);
    }
  }

  /** Returns false if it would block. */
  private boolean sent(int result, @Nullable SocketAddress target) throws IOException {
    if (result == -Abi.EAGAIN) {
      return false;
    }
    if (result < 0) {
      SocketAddress to = target == null ? peerOrNull() : target;
      throw Failures.of("send", family.told(result, to), nameOrNull(), to);
    }
    if (target != null && gates != null) {
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
      refuseOther(target);
      sent = own.send(fd, only, offload);
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
    return target == null || gates == null
        ? arm(Interest.WRITE, wake)
        : gates.arm((UnixAddress) target, wake);
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
    if (target == null || gates == null) {
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
    SocketAddress peer = peerOrNull();
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
  public SocketAddress localAddress() throws IOException {
    SocketAddress address = onSocket(Sock::localAddress);
    return address == null ? family.unbound() : address;
  }

  @Override
  public @Nullable SocketAddress remoteAddress() throws IOException {
    return onSocket(Sock::remoteAddress);
  }

  private @Nullable SocketAddress nameOrNull() {
    try {
      return localAddress();
    } catch (IOException unknown) {
      return null;
    }
  }

  private @Nullable SocketAddress peerOrNull() {
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

  @Override
  public void bind(SocketAddress address, int mode) throws IOException {
    onSocket(
        number -> {
          family.bind(number, address, mode);
          return address;
        });
  }

  @Override
  public void connect(SocketAddress address) throws IOException {
    anew(
        address,
        number -> {
          int result = Sock.connect(number, address);
          if (result < 0) {
            throw Failures.of("connect", result, null, address);
          }
          return address;
        });
  }

  /**
   * Dissolves a connection or makes one. When a Unix socket leaves its peer the kernel drops what
   * it has not received (unix_dgram_disconnected of net/unix/af_unix.c), so what was taken ahead
   * goes too.
   */
  private void anew(@Nullable SocketAddress address, OnSocket<@Nullable SocketAddress> work)
      throws IOException {
    receiving.lock();
    sending.lock();
    try {
      SocketAddress left = remoteAddress();
      onSocket(work);
      if (!family.queuesAtTarget()) {
        only = address;
      } else if (left != null && !left.equals(address)) {
        prefetch.drop();
      }
    } finally {
      sending.unlock();
      receiving.unlock();
    }
  }

  @Override
  public void disconnect() throws IOException {
    anew(
        null,
        number -> {
          family.disconnect(number);
          return null;
        });
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
      if (gates != null) {
        gates.close();
      }
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
