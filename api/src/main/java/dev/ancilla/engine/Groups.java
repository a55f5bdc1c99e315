package dev.ancilla.engine;

import dev.ancilla.Errno;
import dev.ancilla.Membership;
import dev.ancilla.SocketOpException;
import dev.ancilla.spi.UdpTransport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** The multicast groups of one socket. */
final class Groups {
  private final OpenUdp socket;
  private final UdpTransport transport;

  Groups(OpenUdp socket, UdpTransport transport) {
    this.socket = socket;
    this.transport = transport;
  }

  Membership join(InetAddress group, @Nullable NetworkInterface on, @Nullable InetAddress source)
      throws IOException {
    check(group, source);
    socket.bindIfUnbound();
    return new Member(group, on, source, transport.join(group, on, source));
  }

  List<Membership> joinAll(InetAddress group, @Nullable InetAddress source) throws IOException {
    check(group, source);
    List<NetworkInterface> interfaces = Interfaces.of(group);
    if (interfaces.isEmpty()) {
      throw new SocketOpException(
          "join", Errno.ENODEV, "no interface is up that can multicast", null, at(group));
    }
    List<Membership> joined = new ArrayList<>();
    try {
      for (NetworkInterface each : interfaces) {
        joined.add(join(group, each, source));
      }
    } catch (IOException | RuntimeException e) {
      joined.forEach(Membership::close);
      throw e;
    }
    return List.copyOf(joined);
  }

  private void check(InetAddress group, @Nullable InetAddress source) throws IOException {
    socket.checkOpen("join", at(group));
    if (!group.isMulticastAddress()) {
      throw new IllegalArgumentException("join " + group + ": not a multicast address");
    }
    if (source != null
        && (source.isMulticastAddress()
            || source.isAnyLocalAddress()
            || Names.isIpv4(source) != Names.isIpv4(group))) {
      throw new IllegalArgumentException(
          "join " + group + ": " + source + " can be no source of its messages");
    }
  }

  private static InetSocketAddress at(InetAddress group) {
    return new InetSocketAddress(group, 0);
  }

  private final class Member implements Membership {
    private final InetAddress group;
    private final @Nullable NetworkInterface on;
    private final @Nullable InetAddress source;
    private final UdpTransport.Joined joined;
    private final AtomicBoolean left = new AtomicBoolean();

    Member(
        InetAddress group,
        @Nullable NetworkInterface on,
        @Nullable InetAddress source,
        UdpTransport.Joined joined) {
      this.group = group;
      this.on = on;
      this.source = source;
      this.joined = joined;
    }

    @Override
    public InetAddress group() {
      return group;
    }

    @Override
    public @Nullable NetworkInterface networkInterface() {
      return on;
    }

    @Override
    public @Nullable InetAddress source() {
      return source;
    }

    @Override
    public boolean isValid() {
      return !left.get() && socket.isOpen();
    }

    @Override
    public void drop() throws IOException {
      socket.checkOpen("leave", at(group));
      if (!left.compareAndSet(false, true)) {
        throw new SocketOpException(
            "leave", Errno.EADDRNOTAVAIL, "the group was left already", null, at(group));
      }
      joined.drop();
    }

    @Override
    public void close() {
      if (!isValid()) {
        return;
      }
      try {
        drop();
      } catch (IOException e) {
        if (socket.isOpen()) {
          System.getLogger(Membership.class.getName())
              .log(System.Logger.Level.WARNING, "leaving " + group + " failed", e);
        }
      }
    }

    @Override
    public String toString() {
      return "Membership("
          + group
          + (on == null ? "" : " on " + on.getName())
          + (source == null ? "" : " from " + source)
          + ")";
    }
  }
}
