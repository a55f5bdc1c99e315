package dev.ancilla.jdk;

import dev.ancilla.Ancillary;
import dev.ancilla.Datagram;
import dev.ancilla.Errno;
import dev.ancilla.EventLoop;
import dev.ancilla.Feature;
import dev.ancilla.IpFamily;
import dev.ancilla.SocketOpException;
import dev.ancilla.UnsupportedFeatureException;
import dev.ancilla.spi.ChannelPoller;
import dev.ancilla.spi.Deadline;
import dev.ancilla.spi.FdHandle;
import dev.ancilla.spi.Interest;
import dev.ancilla.spi.Pollers;
import dev.ancilla.spi.QuietLog;
import dev.ancilla.spi.SelectorLoop;
import dev.ancilla.spi.UdpOption;
import dev.ancilla.spi.UdpOptions;
import dev.ancilla.spi.UdpTransport;
import dev.ancilla.spi.Wait;
import dev.ancilla.spi.Watch;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.PortUnreachableException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.MembershipKey;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * UDP over a non-blocking {@link DatagramChannel}. Its attempts may be made on any thread: the JDK
 * closes a channel on interrupt only in a blocking call.
 */
final class JdkUdp implements UdpTransport {
  /** More than the 65,527 bytes the largest UDP datagram carries. */
  private static final int LARGEST = 65_536;

  /** Buffers that are not in use, so that there are as many as there are receives at a time. */
  private static final ConcurrentLinkedQueue<ByteBuffer> SCRATCH = new ConcurrentLinkedQueue<>();

  private final DatagramChannel channel;
  private final SelectorLoop loop;
  private final Watch watch;
  private final IpFamily family;
  private final Pollers<ChannelPoller> readers;
  private final Pollers<ChannelPoller> writers;
  private final Set<MembershipKey> memberships = new HashSet<>(); // guarded by itself
  private final AtomicBoolean closed = new AtomicBoolean();

  /** What {@link #isBound} has found; once true it stays so. */
  private volatile boolean bound;

  private JdkUdp(DatagramChannel channel, SelectorLoop loop, IpFamily family) {
    this.channel = channel;
    this.family = family;
    this.loop = loop;
    this.watch = loop.watch(channel);
    this.readers = new Pollers<>(() -> ChannelPoller.open(channel, Interest.READ));
    this.writers = new Pollers<>(() -> ChannelPoller.open(channel, Interest.WRITE));
  }

  static JdkUdp open(SelectorLoop loop, UdpOptions options) throws IOException {
    DatagramChannel channel = channelOf(options.family());
    try {
      channel.configureBlocking(false);
      if (options.reuseAddress()) {
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      }
      if (options.reusePort()) {
        channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
      }
      loop.attach();
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
    return new JdkUdp(channel, loop, options.family());
  }

  private static DatagramChannel channelOf(IpFamily family) throws IOException {
    try {
      return switch (family) {
        case ANY -> DatagramChannel.open();
        case IPV4 -> DatagramChannel.open(StandardProtocolFamily.INET);
        case IPV6 -> DatagramChannel.open(StandardProtocolFamily.INET6);
      };
    } catch (UnsupportedOperationException e) {
      throw refused("socket", Errno.EAFNOSUPPORT, e, null, null);
    }
  }

  static boolean canReusePort() {
    try (DatagramChannel probe = DatagramChannel.open()) {
      return probe.supportedOptions().contains(StandardSocketOptions.SO_REUSEPORT);
    } catch (IOException e) {
      return false;
    }
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
  public boolean await(Interest interest, Deadline deadline) throws InterruptedIOException {
    return (interest == Interest.READ ? readers : writers)
        .await(
            ChannelPoller::poll,
            deadline,
            () -> false,
            () -> UdpTransport.super.await(interest, deadline));
  }

  /** Room is the same for every target. */
  @Override
  public boolean awaitSend(@Nullable SocketAddress target, Deadline deadline)
      throws InterruptedIOException {
    return await(Interest.WRITE, deadline);
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
  public int option(UdpOption option) throws IOException {
    return switch (option) {
      case BROADCAST -> channel.getOption(StandardSocketOptions.SO_BROADCAST) ? 1 : 0;
      case MULTICAST_TTL -> channel.getOption(StandardSocketOptions.IP_MULTICAST_TTL);
      case MULTICAST_LOOPBACK -> channel.getOption(StandardSocketOptions.IP_MULTICAST_LOOP) ? 1 : 0;
      case TRAFFIC_CLASS -> channel.getOption(StandardSocketOptions.IP_TOS);
      case TTL ->
          throw new UnsupportedFeatureException(Feature.UNICAST_TTL, JdkProvider.NAME, "ttl");
    };
  }

  @Override
  public void option(UdpOption option, int value) throws IOException {
    switch (option) {
      case BROADCAST -> channel.setOption(StandardSocketOptions.SO_BROADCAST, value != 0);
      case MULTICAST_TTL -> channel.setOption(StandardSocketOptions.IP_MULTICAST_TTL, value);
      case MULTICAST_LOOPBACK ->
          channel.setOption(StandardSocketOptions.IP_MULTICAST_LOOP, value != 0);
      case TRAFFIC_CLASS -> channel.setOption(StandardSocketOptions.IP_TOS, value);
      case TTL ->
          throw new UnsupportedFeatureException(Feature.UNICAST_TTL, JdkProvider.NAME, "ttl");
    }
  }

  @Override
  public @Nullable NetworkInterface multicastInterface() throws IOException {
    return channel.getOption(StandardSocketOptions.IP_MULTICAST_IF);
  }

  @Override
  public void multicastInterface(@Nullable NetworkInterface through) throws IOException {
    try {
      channel.setOption(StandardSocketOptions.IP_MULTICAST_IF, through);
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException | IllegalArgumentException e) {
      throw failure("setsockopt", e, null, null);
    }
  }

  @Override
  public Joined join(InetAddress group, @Nullable NetworkInterface on, @Nullable InetAddress source)
      throws IOException {
    InetSocketAddress named = new InetSocketAddress(group, 0);
    try {
      NetworkInterface where = on == null ? Routes.interfaceTo(group) : on;
      // The JDK would return the key that it gave out before.
      synchronized (memberships) {
        MembershipKey key =
            source == null ? channel.join(group, where) : channel.join(group, where, source);
        if (!memberships.add(key)) {
          throw new SocketOpException("join", joinedAlready(source), "already joined", null, named);
        }
        return () -> drop(key, named);
      }
    } catch (ClosedChannelException | SocketOpException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      // "Only IPv6 sockets can join …", or "Network interface not configured for …".
      boolean noInterface = String.valueOf(e.getMessage()).startsWith("Network interface");
      throw refused("join", noInterface ? Errno.ENODEV : Errno.EAFNOSUPPORT, e, null, named);
    } catch (IOException e) {
      throw failure("join", e, null, named);
    } catch (IllegalStateException e) {
      // "Already a member …", or "Already have …": of any source and of one, or the other way.
      throw refused("join", joinedAlready(source), e, null, named);
    }
  }

  private static Errno joinedAlready(@Nullable InetAddress source) {
    return source == null ? Errno.EADDRINUSE : Errno.EADDRNOTAVAIL;
  }

  private void drop(MembershipKey key, InetSocketAddress group) throws IOException {
    synchronized (memberships) {
      key.drop();
      memberships.remove(key);
    }
  }

  /** Addresses that are not of the channel's family it tells by exceptions without a message. */
  private static SocketOpException foreign(
      String operation,
      UnsupportedAddressTypeException e,
      @Nullable SocketAddress local,
      @Nullable SocketAddress peer) {
    return refused(operation, Errno.EAFNOSUPPORT, e, local, peer);
  }

  @Override
  public void bind(SocketAddress address, int mode) throws IOException {
    try {
      channel.bind(ofFamily((InetSocketAddress) address));
    } catch (UnsupportedAddressTypeException e) {
      throw foreign("bind", e, address, null);
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      throw failure("bind", e, address, null);
    }
  }

  /** The wildcard of IPv6 means all addresses for an IPv4 channel too. */
  private InetSocketAddress ofFamily(InetSocketAddress address) throws IOException {
    return family == IpFamily.IPV4 && address.getAddress().isAnyLocalAddress()
        ? new InetSocketAddress(InetAddress.getByAddress(new byte[4]), address.getPort())
        : address;
  }

  @Override
  public void connect(SocketAddress address) throws IOException {
    try {
      channel.connect(address);
    } catch (UnsupportedAddressTypeException e) {
      throw foreign("connect", e, null, address);
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

  /** Receiving binds a channel of the JDK, which would then refuse the address that is wanted. */
  private boolean isBound() throws IOException {
    if (!bound) {
      bound = channel.getLocalAddress() != null;
    }
    return bound;
  }

  @Override
  public @Nullable Datagram tryReceive(int limit) throws IOException {
    if (!isBound()) {
      return null;
    }
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
      throw foreign("send", e, null, target);
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
      String operation, Exception e, @Nullable SocketAddress local, @Nullable SocketAddress peer) {
    Errno errno =
        e instanceof PortUnreachableException ? Errno.ECONNREFUSED : Errno.ofText(e.getMessage());
    return refused(operation, errno, e, local, peer);
  }

  private static SocketOpException refused(
      String operation,
      Errno errno,
      Exception e,
      @Nullable SocketAddress local,
      @Nullable SocketAddress peer) {
    SocketOpException failure =
        new SocketOpException(operation, errno, e.getMessage(), local, peer);
    failure.initCause(e);
    return failure;
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    readers.close();
    writers.close();
    try {
      channel.close();
    } catch (IOException e) {
      QuietLog.log(JdkUdp.class, System.Logger.Level.WARNING, "closing a UDP socket failed", e);
    }
    watch.close();
    loop.detach();
  }
}
