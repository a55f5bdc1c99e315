package dev.ancilla.jdk;

import dev.ancilla.EventLoop;
import dev.ancilla.Feature;
import dev.ancilla.OwnedFd;
import dev.ancilla.UnsupportedFeatureException;
import dev.ancilla.spi.Descriptors;
import dev.ancilla.spi.DgramOptions;
import dev.ancilla.spi.DgramTransport;
import dev.ancilla.spi.Provider;
import dev.ancilla.spi.SelectorLoop;
import dev.ancilla.spi.SocketKind;
import dev.ancilla.spi.UdpOptions;
import dev.ancilla.spi.UdpTransport;
import java.io.IOException;
import java.nio.channels.Selector;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** UDP over {@link java.nio.channels.DatagramChannel}: on every platform, with what the JDK has. */
public final class JdkProvider implements Provider {
  static final String NAME = "jdk";
  private static final Set<Feature> FEATURES =
      JdkUdp.canReusePort()
          ? Set.of(Feature.DISCONNECT, Feature.REUSE_PORT)
          : Set.of(Feature.DISCONNECT);

  /** Creates the provider; for {@link java.util.ServiceLoader}. */
  public JdkProvider() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int priority() {
    return 0;
  }

  @Override
  public @Nullable String unavailable() {
    return null;
  }

  @Override
  public Set<SocketKind> kinds() {
    return Set.of(SocketKind.UDP);
  }

  @Override
  public Set<Feature> features(SocketKind kind) {
    return FEATURES;
  }

  @Override
  public int descriptorLimit() {
    return 0;
  }

  @Override
  public EventLoop openLoop(String name) {
    return new SelectorLoop(name, Selector::open, false);
  }

  @Override
  public UdpTransport openUdp(EventLoop loop, DgramOptions options, UdpOptions udp)
      throws IOException {
    if (!(loop instanceof SelectorLoop own)) {
      throw new IllegalArgumentException(loop.name() + " is no event loop of provider " + NAME);
    }
    return JdkUdp.open(own, udp);
  }

  @Override
  public DgramTransport openDgram(SocketKind kind, EventLoop loop, DgramOptions options) {
    throw new UnsupportedOperationException("open: provider " + NAME + " has UDP only");
  }

  @Override
  public DgramTransport adoptDgram(
      SocketKind kind, EventLoop loop, DgramOptions options, OwnedFd fd) {
    throw new UnsupportedFeatureException(Feature.ADOPT, NAME, "adopt");
  }

  @Override
  public List<DgramTransport> pairDgram(SocketKind kind, EventLoop loop, DgramOptions options) {
    throw new UnsupportedOperationException("pair: UDP has none");
  }

  @Override
  public @Nullable Descriptors descriptors() {
    return null;
  }
}
