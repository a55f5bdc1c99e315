package dev.ancilla.engine;

import dev.ancilla.Ancillary;
import dev.ancilla.AsyncStream;
import dev.ancilla.BlockingStream;
import dev.ancilla.Errno;
import dev.ancilla.OwnedFd;
import dev.ancilla.SocketOpException;
import dev.ancilla.StreamListener;
import dev.ancilla.StreamRead;
import dev.ancilla.StreamSocket;
import dev.ancilla.Subscription;
import dev.ancilla.UnixAddress;
import dev.ancilla.spi.ConnectionTransport;
import dev.ancilla.spi.FdHandle;
import dev.ancilla.spi.Interest;
import dev.ancilla.spi.Pending;
import dev.ancilla.spi.Readiness;
import dev.ancilla.spi.ServerTransport;
import dev.ancilla.spi.StreamTransport;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An open stream socket: checks what it is given, and hands attempts to its transport. */
public final class OpenStream extends OpenSocket<StreamTransport>
    implements StreamSocket, OpenConnection {
  private static final AddressRules RULES = new UnixRules();
  private static final StreamRead NO_ROOM = StreamRead.of(0, Ancillary.none());

  private final StreamInput input;
  private final OutgoingChecks checks;
  private final BlockingStream blocking;
  private final AsyncStream async;

  /**
   * Creates the socket over its transport.
   *
   * @param opened the transport, owned by the socket
   */
  public OpenStream(Opening.Opened<StreamTransport> opened) {
    super(opened);
    this.input = new StreamInput(transport, opened.maxDescriptors());
    this.checks = new OutgoingChecks("write", RULES, opened);
    this.blocking = new StreamBlockingView(this);
    this.async = new StreamAsyncView(this);
  }

  /**
   * Creates the socket of a connection.
   *
   * @param server who accepted it
   * @param accepted the connection, a {@link StreamTransport}, owned by the socket
   * @return the socket
   */
  public static StreamSocket accepted(
      Opening.Opened<ServerTransport> server, ConnectionTransport accepted) {
    return new OpenStream(server.with((StreamTransport) accepted));
  }

  @Override
  public boolean tryConnect(SocketAddress address) throws IOException {
    checkOpen("connect", address);
    SocketAddress checked = RULES.forTarget("connect", address);
    SocketAddress current = transport.remoteAddress();
    if (current != null) {
      throw Failures.alreadyConnected(checked, current);
    }
    return attempt(Interest.WRITE, () -> transport.tryConnect(checked));
  }

  @Override
  public @Nullable StreamRead tryRead(List<ByteBuffer> targets) throws IOException {
    checkOpen("read", null);
    boolean room = false;
    for (ByteBuffer target : targets) {
      checkWritable(target);
      room |= target.hasRemaining();
    }
    return room ? attempt(Interest.READ, () -> input.read(targets)) : NO_ROOM;
  }

  private static void checkWritable(ByteBuffer target) {
    if (target.isReadOnly()) {
      throw new ReadOnlyBufferException();
    }
  }

  @Override
  public @Nullable Ancillary tryReadExactly(ByteBuffer target) throws IOException {
    return readExactly(target, StreamInput.ANY_DESCRIPTORS);
  }

  @Override
  public @Nullable Ancillary tryReadExactly(ByteBuffer target, int descriptors) throws IOException {
    return readExactly(target, checkCount(descriptors));
  }

  private @Nullable Ancillary readExactly(ByteBuffer target, int descriptors) throws IOException {
    checkOpen("read", null);
    checkWritable(target);
    return attempt(Interest.READ, () -> input.readExactly(target, descriptors));
  }

  private static int checkCount(int descriptors) {
    if (descriptors < 0) {
      throw new IllegalArgumentException("read: " + descriptors + " descriptors, less than 0");
    }
    return descriptors;
  }

  @Override
  public void unread(ByteBuffer bytes, Ancillary ancillary) throws IOException {
    checkOpen("unread", null);
    input.putBack(bytes, ancillary);
  }

  @Override
  public long tryWrite(List<ByteBuffer> sources, Ancillary ancillary) throws IOException {
    List<OwnedFd.Hold> holds = checkWrite(sources, ancillary);
    try {
      if (!StreamWrite.hasRemaining(sources)) {
        return 0;
      }
      long written = tryWrite(sources, Holds.handles(holds));
      if (StreamWrite.hasRemaining(sources)) {
        congested(null);
      }
      return written;
    } finally {
      holds.forEach(OwnedFd.Hold::close);
    }
  }

  long tryWrite(List<ByteBuffer> sources, List<FdHandle> descriptors) throws IOException {
    checkOpen("write", null);
    return attempt(Interest.WRITE, () -> transport.tryWrite(sources, descriptors));
  }

  private List<OwnedFd.Hold> checkWrite(List<ByteBuffer> sources, Ancillary ancillary)
      throws IOException {
    checkOpen("write", null);
    List<OwnedFd> descriptors = ancillary.descriptors();
    if (descriptors.isEmpty()) {
      return List.of();
    }
    if (!StreamWrite.hasRemaining(sources)) {
      throw new IllegalArgumentException(
          "write: "
              + descriptors.size()
              + " descriptors and no byte; a stream carries descriptors with a byte only");
    }
    return checks.hold(descriptors, null);
  }

  @Override
  public OpenStream socket() {
    return this;
  }

  @Override
  public StreamTransport connection() {
    return transport;
  }

  @Override
  public int maxDescriptors() throws IOException {
    checkOpen("maxDescriptors", null);
    return opened.maxDescriptors();
  }

  @Override
  public UnixAddress localAddress() throws IOException {
    return (UnixAddress) super.localAddress();
  }

  @Override
  public @Nullable UnixAddress remoteAddress() throws IOException {
    return (UnixAddress) super.remoteAddress();
  }

  @Override
  public BlockingStream blocking() {
    return blocking;
  }

  @Override
  public AsyncStream async() {
    return async;
  }

  @Override
  public Subscription listen(StreamListener listener) throws IOException {
    checkOpen("listen", null);
    if (transport.remoteAddress() == null) {
      throw new SocketOpException(
          "read", Errno.ENOTCONN, "the socket is not connected", transport.localAddress(), null);
    }
    return deliver(new StreamDelivery(this, listener));
  }

  @Override
  public Readiness readiness() {
    return input;
  }

  @Override
  public Pending<Boolean> beginConnect(SocketAddress address) throws IOException {
    checkOpen("connect", address);
    return new Connecting(this, RULES.forTarget("connect", address));
  }

  @Override
  public Pending<StreamRead> beginRead(List<ByteBuffer> targets) {
    return new Attempts<>(() -> tryRead(targets), input, Interest.READ);
  }

  /** Waits for the kernel, not for what is held: that is not enough. */
  @Override
  public Pending<Ancillary> beginReadExactly(ByteBuffer target) {
    return new Attempts<>(() -> tryReadExactly(target), transport, Interest.READ);
  }

  @Override
  public Pending<Ancillary> beginReadExactly(ByteBuffer target, int descriptors) {
    checkCount(descriptors);
    return new Attempts<>(() -> tryReadExactly(target, descriptors), transport, Interest.READ);
  }

  @Override
  public Pending<Boolean> beginWrite(List<ByteBuffer> sources, Ancillary ancillary)
      throws IOException {
    return new StreamWrite(this, sources, checkWrite(sources, ancillary), false);
  }

  @Override
  public Pending<Boolean> beginEnd(List<ByteBuffer> sources, Ancillary ancillary)
      throws IOException {
    return new StreamWrite(this, sources, checkWrite(sources, ancillary), true);
  }

  @Override
  void afterClose() {
    input.close();
  }
}
