package dev.ancilla.ffm;

import dev.ancilla.Datagram;
import dev.ancilla.Errno;
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
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The attempts of one message socket. */
class FfmDgram extends FfmSocket implements DgramTransport {
  private static final Duration BACKOFF = Duration.ofMillis(10);
  private static final Duration OWN_ROOM = Duration.ofMillis(100);

  private final Beside beside;
  private final @Nullable SendGates gates; // where messages wait at their targets
  private final Prefetch prefetch; // guarded by receiving
  private @Nullable SendCall call; // guarded by sending
  private @Nullable SocketAddress only; // guarded by sending: the peer, where it shuts others out
  private final Offload offload; // guarded by sending
  private volatile boolean likelyEmpty; // written under receiving

  FfmDgram(int fd, EpollLoop loop, Family family, Beside beside) throws IOException {
    super(fd, loop, family);
    this.beside = beside;
    this.gates = family.queuesAtTarget() ? new SendGates(this, loop) : null;
    this.only = family.queuesAtTarget() ? null : Sock.remoteAddress(fd);
    this.offload = new Offload(!family.queuesAtTarget());
    this.prefetch = new Prefetch(fd, beside, loop.overflows());
    beside.ask(fd);
    loop.attach();
  }

  /** Makes a transport of a descriptor, which it owns from now on, also if this fails. */
  static FfmDgram over(int fd, EpollLoop loop, Family family, DgramOptions options)
      throws IOException {
    return orClose(fd, () -> new FfmDgram(fd, loop, family, Beside.unix(fd, options, false)));
  }

  // Receiving.

  @Override
  public @Nullable Datagram tryReceive(int limit) throws IOException {
    try {
      receiving.lock();
      try {
        checkOpen();
        return hasOrFetches() ? prefetch.take(limit) : null;
      } finally {
        receiving.unlock();
      }
    } finally {
      passOn();
    }
  }

  /** Returns false if it would block. */
  private boolean hasOrFetches() throws IOException {
    if (!prefetch.isEmpty()) {
      return true;
    }
    int most = prefetch.most();
    int came = prefetch.fetch(most);
    return received(came, came < most);
  }

  /**
   * Returns false if it would block.
   *
   * @param last whether nothing is left: a call that brought less than it could has met the end of
   *     the queue (recvmmsg(2))
   */
  private boolean received(int came, boolean last) throws IOException {
    likelyEmpty = last;
    if (came == -Abi.EAGAIN) {
      return false;
    }
    if (came < 0) {
      throw Failures.of("receive", came, nameOrNull(), peerOrNull());
    }
    arrived();
    if (came == 0) {
      likelyEmpty = false;
      throw new EOFException("receive: the connection with " + peerOrNull() + " has ended");
    }
    return true;
  }

  @Override
  public ReceiveSlab newReceiveSlab(int messages, int bytes) {
    return new FfmReceiveSlab(messages, bytes, beside);
  }

  @Override
  public int tryReceive(ReceiveSlab slab, int limit) throws IOException {
    FfmReceiveSlab own = (FfmReceiveSlab) slab;
    try {
      receiving.lock();
      try {
        checkOpen();
        return own.fill(beside, limit, this::fill);
      } finally {
        receiving.unlock();
      }
    } finally {
      passOn();
    }
  }

  private int fill(FfmReceiveSlab slab) throws IOException {
    if (!prefetch.isEmpty()) {
      return prefetch.moveTo(slab.ring());
    }
    if (prefetch.joined()) {
      return fillJoined(slab.joined(beside));
    }
    ReceiveRing ring = slab.ring();
    if (beside.joined()) { // Then it may be more than there is room for, so it is taken ahead.
      return hasOrFetches() ? prefetch.moveTo(ring) : 0;
    }
    int most = Math.min(ring.capacity(), prefetch.mostInBatch());
    int came = ring.fill(fd, most, loop.overflows());
    return received(came, came < most) ? came : 0;
  }

  private int fillJoined(JoinedMessages joined) throws IOException {
    ReceiveRing ring = joined.ring();
    int most = Math.min(ring.capacity(), prefetch.capacity());
    int came = ring.fill(fd, most, loop.overflows());
    if (!received(came, came < most)) {
      return 0;
    }
    prefetch.came(ring);
    return joined.spread(prefetch);
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

  @Override
  int left() {
    return prefetch.left();
  }

  @Override
  public Wait armSend(@Nullable SocketAddress target, Runnable wake) {
    return target == null || gates == null
        ? arm(Interest.WRITE, wake)
        : gates.arm((UnixAddress) target, wake);
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

  /** Whether it is connected, but not to this target. */
  boolean isConnectedElsewhere(UnixAddress target) {
    SocketAddress peer = peerOrNull();
    return peer != null && !peer.equals(target);
  }

  /**
   * Room in the socket's own buffer, as far as that can be polled: it polls writable when it is
   * three quarters empty ({@code unix_writable}), and a message may have room long before. So not
   * for long.
   */
  boolean awaitOwnRoom(UnixAddress target, Deadline deadline) throws InterruptedIOException {
    boolean polls = !isConnectedElsewhere(target);
    long most = Math.min((polls ? OWN_ROOM : BACKOFF).toNanos(), deadline.remainingNanos());
    writers.await(
        polling(polls ? Abi.POLLOUT : 0),
        Deadline.after(Duration.ofNanos(Math.max(0, most))),
        () -> false,
        () -> true);
    return deadline.remainingNanos() > 0;
  }

  // The rest.

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
      try {
        onSocket(work);
      } finally {
        if (!family.queuesAtTarget()) {
          only = peerOrNull(); // Also where only half of it was done.
        }
      }
      if (family.queuesAtTarget() && left != null && !left.equals(address)) {
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
  void release() {
    likelyEmpty = false;
    if (gates != null) {
      gates.close();
    }
    prefetch.close();
    if (call != null) {
      call.close();
    }
  }
}
