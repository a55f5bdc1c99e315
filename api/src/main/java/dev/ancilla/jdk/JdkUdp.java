package dev.ancilla.jdk;

import dev.ancilla.Ancillary;
import dev.ancilla.Datagram;
import dev.ancilla.Errno;
import dev.ancilla.EventLoop;
import dev.ancilla.Feature;
import dev.ancilla.SocketOpException;
import dev.ancilla.UnsupportedFeatureException;
import dev.ancilla.spi.DgramTransport;
import dev.ancilla.spi.FdHandle;
import dev.ancilla.spi.Interest;
import dev.ancilla.spi.SelectorLoop;
import dev.ancilla.spi.Wait;
import dev.ancilla.spi.Watch;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * UDP over a non-blocking {@link DatagramChannel}. Its attempts may be made on any thread: the JDK
 * closes a channel on interrupt only in a blocking call.
 */
final class JdkUdp implements DgramTransport {
  /** More than the 65,527 bytes the largest UDP datagram carries. */
  private static final int LARGEST = 65_536;

  /** Buffers that are not in use, so that there are as many as there are receives at a time. */
  private static final ConcurrentLinkedQueue<ByteBuffer> SCRATCH = new ConcurrentLinkedQueue<>();

  private final DatagramChannel channel;
  private final SelectorLoop loop;
  private final Watch watch;
  private final AtomicBoolean closed = new AtomicBoolean();

  private JdkUdp(DatagramChannel channel, SelectorLoop loop) {
    this.channel = channel;
    this.loop = loop;
    this.watch = loop.watch(channel);
  }

  static JdkUdp open(SelectorLoop loop) throws IOException {
    DatagramChannel channel = DatagramChannel.open();
    try {
      channel.configureBlocking(false);
      loop.attach();
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
    return new JdkUdp(channel, loop);
  }

  @Override
  public EventLoop eventLoop() {
    return loop;
  }

  @Override
  public Wait arm(Interest interest, Runnable wake) {
    return watch.arm(interest, wake);
  }

  @Override
  public SocketAddress localAddress() throws IOException {
    SocketAddress address = channel.getLocalAddress();
    return address == null ? new InetSocketAddress((InetAddress) null, 0) : address;
  }

  @Override
  public @Nullable SocketAddress remoteAddress() throws IOException {
    return channel.getRemoteAddress();
  }

  @Override
  public int bufferSize(Interest interest) throws IOException {
    return channel.getOption(option(interest));
  }

  @Override
  public void bufferSize(Interest interest, int bytes) throws IOException {
    channel.setOption(option(interest), bytes);
  }

  private static SocketOption<Integer> option(Interest interest) {
    return interest == Interest.READ
        ? StandardSocketOptions.SO_RCVBUF
        : StandardSocketOptions.SO_SNDBUF;
  }

  @Override
  public void bind(SocketAddress address, int mode) throws IOException {
    try {
      channel.bind(address);
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      throw failure("bind", e, address, null);
    }
  }

  @Override
  public void connect(SocketAddress address) throws IOException {
    try {
      channel.connect(address);
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      throw failure("connect", e, null, address);
    }
  }

  @Override
  public void disconnect() throws IOException {
    channel.disconnect();
  }

  @Override
  public @Nullable Datagram tryReceive(int limit) throws IOException {
    ByteBuffer pooled = SCRATCH.poll();
    ByteBuffer scratch = pooled == null ? ByteBuffer.allocateDirect(LARGEST) : pooled.clear();
    try {
      SocketAddress sender = channel.receive(scratch);
      if (sender == null) {
        return null;
      }
      int size = scratch.flip().remaining();
      byte[] payload = new byte[Math.min(size, limit)];
      scratch.get(payload);
      return new Datagram(ByteBuffer.wrap(payload), sender, Ancillary.none(), size);
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      throw failure("receive", e, null, channel.isOpen() ? channel.getRemoteAddress() : null);
    } finally {
      SCRATCH.add(scratch);
    }
  }

  @Override
  public boolean trySend(
      ByteBuffer payload, @Nullable SocketAddress target, List<FdHandle> descriptors)
      throws IOException {
    boolean empty = !payload.hasRemaining();
    SocketAddress peer = channel.getRemoteAddress();
    if (target != null && peer != null) {
      throw new SocketOpException(
          "send", Errno.EISCONN, "the socket is connected to " + peer, null, target);
    }
    try {
      if (empty && (peer != null || target != null)) {
        return sendEmpty(payload, peer != null ? null : target);
      }
      return (target == null ? channel.write(payload) : channel.send(payload, target)) > 0;
    } catch (NotYetConnectedException e) {
      throw new SocketOpException("send", Errno.EDESTADDRREQ, null, localAddress(), null);
    } catch (UnsupportedAddressTypeException e) {
      throw new SocketOpException("send", Errno.EAFNOSUPPORT, null, null, target);
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      throw failure("send", e, null, target == null ? peer : target);
    }
  }

  /**
   * Says 0 when the datagram was sent and when it would block alike; UDP may lose one. A connected
   * channel skips it without a word, on every JDK so far.
   */
  private boolean sendEmpty(ByteBuffer payload, @Nullable SocketAddress target) throws IOException {
    if (target == null) {
      throw new UnsupportedFeatureException(
          Feature.EMPTY_TO_PEER, JdkProvider.NAME, "send of an empty datagram while connected");
    }
    channel.send(payload, target);
    return true;
  }

  private static SocketOpException failure(
      String operation,
      IOException e,
      @Nullable SocketAddress local,
      @Nullable SocketAddress peer) {
    String text = e.getMessage();
    Errno errno = e instanceof PortUnreachableException ? Errno.ECONNREFUSED : Errno.ofText(text);
    SocketOpException failure = new SocketOpException(operation, errno, text, local, peer);
    failure.initCause(e);
    return failure;
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    try {
      channel.close();
    } catch (IOException e) {
      System.getLogger(JdkUdp.class.getName())
          .log(System.Logger.Level.WARNING, "closing a UDP socket failed", e);
    }
    watch.close();
    loop.detach();
  }
}
