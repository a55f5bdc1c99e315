package dev.ancilla.engine;

import dev.ancilla.Feature;
import dev.ancilla.Membership;
import dev.ancilla.Message;
import dev.ancilla.UdpSocket;
import dev.ancilla.spi.DgramTransport;
import dev.ancilla.spi.PendingSend;
import dev.ancilla.spi.UdpOption;
import dev.ancilla.spi.UdpTransport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.nio.channels.AlreadyBoundException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** An open UDP socket. */
public final class OpenUdp extends OpenDgram implements UdpSocket {
  private final UdpTransport udp;
  private final Names names;
  private final Groups groups;

  /**
   * Creates the socket over its transport.
   *
   * @param opened the transport, a {@link UdpTransport}, owned by the socket
   * @param rules with whom it talks
   * @param names how it looks names up
   */
  public OpenUdp(Opening.Opened<DgramTransport> opened, UdpRules rules, Names names) {
    super(opened, rules);
    this.udp = (UdpTransport) opened.transport();
    this.names = names;
    this.groups = new Groups(this, udp);
  }

  @Override
  public InetSocketAddress localAddress() throws IOException {
    return (InetSocketAddress) super.localAddress();
  }

  @Override
  public @Nullable InetSocketAddress remoteAddress() throws IOException {
    return (InetSocketAddress) super.remoteAddress();
  }

  void bindIfUnbound() throws IOException {
    if (rules.isBound(localAddress())) {
      return;
    }
    try {
      bind(new InetSocketAddress(0));
    } catch (AlreadyBoundException meanwhile) {
      // By another thread: it is bound.
    }
  }

  @Override
  public CompletionStage<InetSocketAddress> resolve(InetSocketAddress address) {
    return names.resolve(address).minimalCompletionStage();
  }

  @Override
  @Nullable Lookup lookup(SocketAddress address) {
    return isName(address) ? new Lookup(names.resolve((InetSocketAddress) address)) : null;
  }

  @Override
  Object lane(SocketAddress target) throws IOException {
    return isName(target) ? target : super.lane(target);
  }

  @Override
  public PendingSend beginSend(Message message) throws IOException {
    SocketAddress target = message.target();
    if (!isName(target)) {
      return super.beginSend(message);
    }
    checkOpen("send", target);
    InetSocketAddress name = (InetSocketAddress) target;
    UdpRules.checkPort("send", name);
    return new NamedSend(
        begin(message.to(null)), new Lookup(names.resolve(name)), transport.eventLoop());
  }

  /** Without it a name that {@link NetworkInterface#getByName} does not find would mean all. */
  private static <T> T given(T argument) {
    return Objects.requireNonNull(argument, "an interface or source that is null");
  }

  private static boolean isName(@Nullable SocketAddress address) {
    return address instanceof InetSocketAddress inet && inet.isUnresolved();
  }

  @Override
  void beforeClose() {
    names.close();
  }

  @Override
  public Membership join(InetAddress group) throws IOException {
    return groups.join(group, null, null);
  }

  @Override
  public Membership join(InetAddress group, NetworkInterface on) throws IOException {
    return groups.join(group, given(on), null);
  }

  @Override
  public Membership join(InetAddress group, NetworkInterface on, InetAddress source)
      throws IOException {
    return groups.join(group, given(on), given(source));
  }

  @Override
  public List<Membership> joinAll(InetAddress group) throws IOException {
    return groups.joinAll(group, null);
  }

  @Override
  public List<Membership> joinAll(InetAddress group, InetAddress source) throws IOException {
    return groups.joinAll(group, given(source));
  }

  @Override
  public @Nullable NetworkInterface multicastInterface() throws IOException {
    checkOpen("getsockopt", null);
    return udp.multicastInterface();
  }

  @Override
  public void multicastInterface(NetworkInterface through) throws IOException {
    checkOpen("setsockopt", null);
    udp.multicastInterface(given(through));
  }

  @Override
  public void resetMulticastInterface() throws IOException {
    checkOpen("setsockopt", null);
    checkFeature(Feature.MULTICAST_INTERFACE_RESET, "resetMulticastInterface");
    udp.multicastInterface(null);
  }

  @Override
  public int multicastTtl() throws IOException {
    return option(UdpOption.MULTICAST_TTL);
  }

  @Override
  public void multicastTtl(int hops) throws IOException {
    option(UdpOption.MULTICAST_TTL, within("multicastTtl", 0, hops));
  }

  @Override
  public boolean multicastLoopback() throws IOException {
    return option(UdpOption.MULTICAST_LOOPBACK) != 0;
  }

  @Override
  public void multicastLoopback(boolean on) throws IOException {
    option(UdpOption.MULTICAST_LOOPBACK, on ? 1 : 0);
  }

  @Override
  public int ttl() throws IOException {
    checkOpen("getsockopt", null);
    checkFeature(Feature.UNICAST_TTL, "ttl");
    return option(UdpOption.TTL);
  }

  @Override
  public void ttl(int hops) throws IOException {
    within("ttl", 1, hops);
    checkOpen("setsockopt", null);
    checkFeature(Feature.UNICAST_TTL, "ttl(" + hops + ")");
    option(UdpOption.TTL, hops);
  }

  @Override
  public boolean broadcast() throws IOException {
    return option(UdpOption.BROADCAST) != 0;
  }

  @Override
  public void broadcast(boolean on) throws IOException {
    option(UdpOption.BROADCAST, on ? 1 : 0);
  }

  @Override
  public int trafficClass() throws IOException {
    return option(UdpOption.TRAFFIC_CLASS);
  }

  @Override
  public void trafficClass(int bits) throws IOException {
    option(UdpOption.TRAFFIC_CLASS, within("trafficClass", 0, bits));
  }

  private int option(UdpOption option) throws IOException {
    checkOpen("getsockopt", null);
    return udp.option(option);
  }

  private void option(UdpOption option, int value) throws IOException {
    checkOpen("setsockopt", null);
    udp.option(option, value);
  }

  private static int within(String what, int least, int value) {
    if (value < least || value > 255) {
      throw new IllegalArgumentException(what + " is " + value + ", not within " + least + "..255");
    }
    return value;
  }
}
