package dev.ancilla.engine;

import dev.ancilla.AsyncDgram;
import dev.ancilla.BlockingDgram;
import dev.ancilla.Datagram;
import dev.ancilla.DgramListener;
import dev.ancilla.DgramSocket;
import dev.ancilla.Feature;
import dev.ancilla.Message;
import dev.ancilla.OwnedFd;
import dev.ancilla.PacketInfo;
import dev.ancilla.ReceiveBatch;
import dev.ancilla.SendBatch;
import dev.ancilla.Subscription;
import dev.ancilla.spi.Deadline;
import dev.ancilla.spi.DgramTransport;
import dev.ancilla.spi.FdHandle;
import dev.ancilla.spi.Interest;
import dev.ancilla.spi.Pending;
import dev.ancilla.spi.PendingSend;
import dev.ancilla.spi.UdpTransport;
import dev.ancilla.spi.Wait;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** An open message socket: checks what it is given, and hands attempts to its transport. */
class OpenDgram extends OpenSocket<DgramTransport> implements DgramSocket {
  /** How many messages of senders that are not heard an attempt drops. */
  private static final int MAX_UNHEARD = 32;

  final AddressRules rules;
  private final OutgoingChecks checks;
  private final AtomicInteger queuedSends = new AtomicInteger();
  private final AtomicLong queuedBytes = new AtomicLong();
  private final BlockingDgram blocking;
  private final AsyncDgram async;

  OpenDgram(Opening.Opened<DgramTransport> opened, AddressRules rules) {
    super(opened);
    this.rules = rules;
    this.checks = new OutgoingChecks("send", rules, opened);
    this.blocking = new BlockingView(this);
    this.async = new AsyncView(this, transport.eventLoop());
  }

  @Override
  public void bind(SocketAddress address) throws IOException {
    checkOpen("bind", address);
    SocketAddress checked = rules.forBind(address);
    SocketAddress current = transport.localAddress();
    if (rules.isBound(current)) {
      throw Failures.alreadyBound(checked, current);
    }
    bindTransport(checked);
  }

  /** The step of binding that differs between families. */
  void bindTransport(SocketAddress address) throws IOException {
    transport.bind(address, Binding.MODE_OF_UMASK);
  }

  @Override
  public boolean tryConnect(SocketAddress address) throws IOException {
    checkOpen("connect", address);
    SocketAddress checked = rules.forTarget("connect", address);
    SocketAddress current = transport.remoteAddress();
    if (current != null && !rules.mayReconnect()) {
      throw Failures.alreadyConnected(checked, current);
    }
    return attempt(Interest.WRITE, () -> connectOpen(checked));
  }

  /** The step of connecting that differs between kinds; returns false if it would block. */
  boolean connectOpen(SocketAddress address) throws IOException {
    transport.connect(address);
    return true;
  }

  /** The connect that may have to wait for its peer, if it is one. */
  @Nullable Pending<Boolean> connecting(SocketAddress address) throws IOException {
    return null;
  }

  @Override
  public void disconnect() throws IOException {
    checkOpen("disconnect", null);
    if (transport.remoteAddress() == null) {
      return;
    }
    checkFeature(Feature.DISCONNECT, "disconnect");
    transport.disconnect();
  }

  @Override
  public @Nullable Datagram tryReceive() throws IOException {
    checkOpen("receive", null);
    return attempt(Interest.READ, this::receiveHeard);
  }

  private @Nullable Datagram receiveHeard() throws IOException {
    for (int i = 0; i < MAX_UNHEARD; i++) {
      Datagram datagram = transport.tryReceive(opened.limit());
      if (datagram == null || rules.hears(datagram.sender())) {
        return datagram;
      }
      datagram.close();
    }
    return null; // As if there were none: a wait ends at once, and others had their turn.
  }

  @Override
  public int tryReceive(ReceiveBatch batch) throws IOException {
    checkOpen("receive", null);
    SlabReceiveBatch own = own(batch);
    own.checkOpen();
    own.hearAll();
    int count = attempt(Interest.READ, () -> transport.tryReceive(own.slab, opened.limit()));
    if (count == 0) {
      own.checkOpen(); // A batch that was closed meanwhile takes nothing, however much is there.
    }
    return rules.areOpen() ? count : own.sift(rules);
  }

  @Override
  public boolean trySend(Message message) throws IOException {
    if (message.ancillary().descriptors().isEmpty() && message.source() == null) {
      return trySend(message.payload(), message.target());
    }
    try (Send send = begin(message)) {
      return told(send.attempt(), send.target());
    }
  }

  @Override
  public boolean trySend(ByteBuffer payload, @Nullable SocketAddress target) throws IOException {
    checkOpen("send", target);
    SocketAddress checked = rules.forSend(target);
    return told(trySend(payload, checked, List.of()), checked);
  }

  private boolean trySend(
      ByteBuffer payload, @Nullable SocketAddress target, List<FdHandle> descriptors)
      throws IOException {
    return attempt(Interest.WRITE, () -> transport.trySend(payload, target, descriptors));
  }

  @Override
  public int trySend(SendBatch batch) throws IOException {
    checkOpen("send", null);
    SlabSendBatch own = own(batch);
    own.checkOpen();
    int sent = send(own);
    if (own.count() > 0) {
      congested(own.firstTarget());
    }
    return sent;
  }

  private int send(SlabSendBatch batch) throws IOException {
    int sent = attempt(Interest.WRITE, () -> transport.trySend(batch.slab));
    batch.sent(sent);
    return sent;
  }

  @Override
  public ReceiveBatch newReceiveBatch(int messages, int bytes) {
    int capacity = batchSize("newReceiveBatch", messages, bytes);
    return new SlabReceiveBatch(
        transport.newReceiveSlab(capacity, bytes), opened.provider(), capacity);
  }

  @Override
  public SendBatch newSendBatch(int messages, int bytes) {
    int capacity = batchSize("newSendBatch", messages, bytes);
    return new SlabSendBatch(
        transport.newSendSlab(capacity, bytes), opened.provider(), checks, capacity);
  }

  /** Linux takes at most 1,024 messages a call (UIO_MAXIOV of linux/uio.h). */
  private static int batchSize(String operation, int messages, int bytes) {
    if (messages < 1 || messages > 1024) {
      throw new IllegalArgumentException(
          operation + ": " + messages + " messages, not within 1..1024");
    }
    if (bytes < 0 || bytes > 1 << 20) {
      throw new IllegalArgumentException(
          operation + ": " + bytes + " bytes a message, not within 0.." + (1 << 20));
    }
    return messages;
  }

  private SlabReceiveBatch own(ReceiveBatch batch) {
    if (batch instanceof SlabReceiveBatch own && own.provider.equals(opened.provider())) {
      return own;
    }
    throw foreign("receive: " + batch);
  }

  private SlabSendBatch own(SendBatch batch) {
    if (batch instanceof SlabSendBatch own && own.provider.equals(opened.provider())) {
      if (!rules.areOpen() && !own.obeys(rules)) {
        throw new IllegalArgumentException(
            "send: " + batch + " is of another socket, and this one may not reach everybody");
      }
      return own;
    }
    throw foreign("send: " + batch);
  }

  private IllegalArgumentException foreign(String what) {
    return new IllegalArgumentException(
        what + " is no batch of a socket of provider " + opened.provider());
  }

  @Override
  public PendingSend beginSend(Message message) throws IOException {
    return begin(message);
  }

  Send begin(Message message) throws IOException {
    SocketAddress target = message.target();
    checkOpen("send", target);
    return new Send(message, rules.forSend(target));
  }

  /** The lookup of an address that is a name, if it is one. */
  @Nullable Lookup lookup(SocketAddress address) {
    return null;
  }

  /**
   * What is the same for all sends that are kept in order: the JDK's type of an address is ours.
   */
  Object lane(SocketAddress target) throws IOException {
    return rules.forTarget("send", target);
  }

  @Override
  public PendingSend beginSend(SendBatch batch) throws ClosedChannelException {
    checkOpen("send", null);
    SlabSendBatch own = own(batch);
    own.checkOpen();
    return new BatchSend(own);
  }

  @Override
  public int queuedSends() throws ClosedChannelException {
    checkOpen("queuedSends", null);
    return queuedSends.get();
  }

  @Override
  public long queuedBytes() throws ClosedChannelException {
    checkOpen("queuedBytes", null);
    return queuedBytes.get();
  }

  @Override
  public BlockingDgram blocking() {
    return blocking;
  }

  @Override
  public AsyncDgram async() {
    return async;
  }

  @Override
  public Subscription listen(DgramListener listener) throws ClosedChannelException {
    return deliver(new DgramDelivery(this, listener));
  }

  private boolean told(boolean sent, @Nullable SocketAddress target) {
    if (!sent) {
      congested(target);
    }
    return sent;
  }

  /** The sends of one batch, which go on where the last attempt ended. */
  private final class BatchSend implements PendingSend {
    private final SlabSendBatch batch;
    private int counted;
    private long countedBytes;

    private BatchSend(SlabSendBatch batch) {
      this.batch = batch;
      count(batch.count(), batch.bytes());
    }

    private void count(int messages, long bytes) {
      queuedSends.addAndGet(messages - counted);
      queuedBytes.addAndGet(bytes - countedBytes);
      counted = messages;
      countedBytes = bytes;
    }

    @Override
    public boolean attempt() throws IOException {
      while (counted > 0) {
        checkOpen("send", batch.firstTarget());
        batch.checkOpen();
        int sent = send(batch);
        count(counted - sent, batch.bytes());
        if (sent == 0) {
          batch.checkOpen(); // Meanwhile: what is left will not be sent.
          return false;
        }
      }
      return true;
    }

    @Override
    public Wait arm(Runnable wake) {
      return transport.armSend(batch.firstTarget(), wake);
    }

    @Override
    public boolean await(Deadline deadline) throws InterruptedIOException {
      return transport.awaitSend(batch.firstTarget(), deadline);
    }

    @Override
    public void close() {
      count(0, 0);
    }
  }

  /** One send: the hold on its descriptors, and its place in the count. */
  final class Send implements PendingSend {
    private final ByteBuffer payload;
    private @Nullable SocketAddress target;
    private final @Nullable PacketInfo source;
    private final List<OwnedFd.Hold> holds;
    private final List<FdHandle> handles;
    private final int size;
    private final AtomicBoolean ended = new AtomicBoolean();

    private Send(Message message, @Nullable SocketAddress target) throws ClosedChannelException {
      this.payload = message.payload();
      this.size = payload.remaining();
      this.target = target;
      this.source = message.source();
      if (source != null) {
        checks.source(source, target);
      }
      List<OwnedFd> descriptors = message.ancillary().descriptors();
      if (descriptors.isEmpty()) {
        this.holds = List.of();
        this.handles = List.of();
      } else {
        this.holds = checks.hold(descriptors, target);
        this.handles = Holds.handles(holds);
      }
      queuedSends.incrementAndGet();
      queuedBytes.addAndGet(size);
    }

    @Nullable SocketAddress target() {
      return target;
    }

    /** Says where it goes, once that is known, before the first attempt. */
    void aim(SocketAddress found) throws IOException {
      target = rules.forTarget("send", found);
    }

    @Override
    public boolean attempt() throws IOException {
      checkOpen("send", target);
      return source == null ? trySend(payload, target, handles) : trySendFrom(source);
    }

    private boolean trySendFrom(PacketInfo source) throws IOException {
      UdpTransport udp = (UdpTransport) transport;
      return OpenDgram.this.attempt(Interest.WRITE, () -> udp.trySend(payload, target, source));
    }

    @Override
    public Wait arm(Runnable wake) {
      return transport.armSend(target, wake);
    }

    @Override
    public boolean await(Deadline deadline) throws InterruptedIOException {
      return transport.awaitSend(target, deadline);
    }

    @Override
    public void close() {
      if (ended.compareAndSet(false, true)) {
        queuedSends.decrementAndGet();
        queuedBytes.addAndGet(-size);
        holds.forEach(OwnedFd.Hold::close);
      }
    }
  }
}
