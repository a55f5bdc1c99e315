package dev.ancilla.ffm;

import dev.ancilla.EventLoop;
import dev.ancilla.Feature;
import dev.ancilla.OwnedFd;
import dev.ancilla.UnsupportedFeatureException;
import dev.ancilla.spi.Descriptors;
import dev.ancilla.spi.DgramOptions;
import dev.ancilla.spi.DgramTransport;
import dev.ancilla.spi.Provider;
import dev.ancilla.spi.ServerTransport;
import dev.ancilla.spi.SocketKind;
import dev.ancilla.spi.StreamOptions;
import dev.ancilla.spi.StreamTransport;
import dev.ancilla.spi.Transport;
import dev.ancilla.spi.UdpOptions;
import dev.ancilla.spi.UdpTransport;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The fast provider, {@code native-ffm}: Linux's own calls through {@code java.lang.foreign}.
 *
 * <p><b>Platforms.</b> Linux on x86-64 and aarch64, Java 22 or newer. The layouts for aarch64
 * follow its ABI and were not run. Programs allow native access with {@code
 * --enable-native-access=dev.ancilla.ffm}, or {@code ALL-UNNAMED} on the class path; without it
 * Java warns, and where it is denied (on 22 and 23 by an option that names others only) the
 * provider says that it is unavailable.
 *
 * <p><b>Costs.</b> A socket is one descriptor, and up to four more while it sends, unconnected, to
 * full targets; each platform thread that waits in a blocking call takes one, of which a socket
 * keeps up to four a direction until it is closed. Memory is taken with the first receive: up to 64
 * slots of 2 KiB, and 64 KiB once messages of UDP came joined. A batch has its slots, and once
 * messages came joined 64 KiB for each 64 of them. A loop has two descriptors.
 *
 * <p><b>What it has beyond the others</b>: every {@link Feature} but {@link
 * Feature#JAVA_FILE_DESCRIPTOR}, for which Java has no public way. Each kind of socket has those
 * that mean something to it. Messages of a batch of one size to one target of UDP go through the
 * kernel as one ({@code UDP_SEGMENT}, {@code udp(7)}), unless the path cannot. Those that arrive so
 * are received together and told apart ({@code UDP_GRO}), unless nothing shall be taken ahead.
 * {@code -Dancilla.offload=false} switches both off.
 */
public final class FfmProvider implements Provider {
  static final String NAME = "native-ffm";

  private static final Family UNIX = UnixFamily.INSTANCE;

  /** What needs a Unix socket. */
  private static final Set<Feature> OF_UNIX =
      EnumSet.of(
          Feature.FD_PASSING,
          Feature.MANY_DESCRIPTORS,
          Feature.CLOEXEC_ON_RECEIPT,
          Feature.ANCILLARY_TRUNCATION,
          Feature.MESSAGE_CREDENTIALS,
          Feature.MESSAGE_PIDFDS,
          Feature.ATOMIC_MODE,
          Feature.ABSTRACT_NAMES,
          Feature.MEMFD);

  /** What needs a UDP socket. */
  private static final Set<Feature> OF_UDP =
      EnumSet.of(
          Feature.UNICAST_TTL,
          Feature.IPV6_ONLY,
          Feature.REUSE_PORT,
          Feature.MULTICAST_INTERFACE_RESET,
          Feature.PACKET_INFO);

  /** What needs messages. */
  private static final Set<Feature> OF_MESSAGES =
      EnumSet.of(
          Feature.MESSAGE_CREDENTIALS,
          Feature.MESSAGE_PIDFDS,
          Feature.TIMESTAMPS,
          Feature.DISCONNECT,
          Feature.EMPTY_TO_PEER,
          Feature.BATCHES);

  /** What needs no connection. */
  private static final Set<Feature> OF_DATAGRAMS =
      EnumSet.of(Feature.MESSAGE_CREDENTIALS, Feature.MESSAGE_PIDFDS, Feature.DISCONNECT);

  /** What only sockets with connections and their servers have. */
  private static final Set<Feature> OF_CONNECTIONS = EnumSet.of(Feature.PEER_PIDFD, Feature.EXPORT);

  private final Map<SocketKind, Set<Feature>> features = new EnumMap<>(SocketKind.class);

  /** Creates the provider; for {@link java.util.ServiceLoader}. */
  public FfmProvider() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int priority() {
    return 200;
  }

  @Override
  public @Nullable String unavailable() {
    String system = System.getProperty("os.name");
    String machine = System.getProperty("os.arch");
    if (!system.equals("Linux")) {
      return "it speaks Linux only, and this is " + system;
    }
    if (!machine.equals("amd64") && !machine.equals("aarch64")) {
      return "it knows x86-64 and aarch64, and this is " + machine;
    }
    try {
      Libc.close(-1);
      return null;
    } catch (LinkageError | RuntimeException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      return cause instanceof IllegalCallerException
          ? "native access is denied; start Java with --enable-native-access=" + module()
          : "the C library cannot be called: " + cause;
    }
  }

  private static String module() {
    Module module = FfmProvider.class.getModule();
    return module.isNamed() ? module.getName() : "ALL-UNNAMED";
  }

  /** SO_PASSPIDFD and SO_PEERPIDFD came with Linux 6.5. */
  private static boolean hasPidfds() {
    try {
      int probe = UNIX.open(Sock.DGRAM);
      try {
        Sock.setOption(probe, Abi.SO_PASSPIDFD, 1);
        return true;
      } finally {
        FfmFd.close(probe);
      }
    } catch (IOException tooOld) {
      return false;
    }
  }

  @Override
  public Set<SocketKind> kinds() {
    return EnumSet.allOf(SocketKind.class);
  }

  @Override
  public Set<Feature> features(SocketKind kind) {
    synchronized (features) {
      return features.computeIfAbsent(kind, FfmProvider::featuresOf);
    }
  }

  private static Set<Feature> featuresOf(SocketKind kind) {
    Set<Feature> found = EnumSet.complementOf(EnumSet.of(Feature.JAVA_FILE_DESCRIPTOR));
    switch (kind) {
      case UNIX_DGRAM -> {
        found.removeAll(OF_UDP);
        found.removeAll(OF_CONNECTIONS);
      }
      case UNIX_STREAM -> {
        found.removeAll(OF_UDP);
        found.removeAll(OF_MESSAGES);
      }
      case UNIX_SEQPACKET -> {
        found.removeAll(OF_UDP);
        found.removeAll(OF_DATAGRAMS);
      }
      case UDP -> {
        found.removeAll(OF_UNIX);
        found.removeAll(OF_CONNECTIONS);
      }
    }
    if (Runtime.getRuntime().availableProcessors() == 1) {
      found.remove(Feature.SPINNING);
    }
    if (!hasPidfds()) {
      found.remove(Feature.MESSAGE_PIDFDS);
      found.remove(Feature.PEER_PIDFD);
    }
    return Set.copyOf(found);
  }

  @Override
  public int descriptorLimit() {
    return Abi.SCM_MAX_FD;
  }

  @Override
  public EventLoop openLoop(String name) {
    return new EpollLoop(name, 0);
  }

  @Override
  public EventLoop openLoop(String name, Duration spin) {
    if (Runtime.getRuntime().availableProcessors() == 1) {
      throw new UnsupportedFeatureException(
          Feature.SPINNING, NAME, "newEventLoop(" + name + ", " + spin + ")");
    }
    return new EpollLoop(name, spin.toNanos());
  }

  @Override
  public DgramTransport openDgram(SocketKind kind, EventLoop loop, DgramOptions options)
      throws IOException {
    EpollLoop own = own(loop);
    return kind == SocketKind.UNIX_SEQPACKET
        ? FfmSeqpacket.over(UNIX.open(Sock.SEQPACKET), own, options)
        : FfmDgram.over(UNIX.open(Sock.DGRAM), own, UNIX, options);
  }

  @Override
  public UdpTransport openUdp(EventLoop loop, DgramOptions options, UdpOptions udp)
      throws IOException {
    return FfmUdp.open(own(loop), options, udp);
  }

  @Override
  public UdpTransport adoptUdp(EventLoop loop, DgramOptions options, UdpOptions udp, OwnedFd fd)
      throws IOException {
    EpollLoop own = own(loop);
    return Adopting.adopt(
        fd, Adopting.Kind.UDP, copy -> FfmUdp.over(copy, own, InetFamily.of(copy), options, udp));
  }

  @Override
  public DgramTransport adoptDgram(
      SocketKind kind, EventLoop loop, DgramOptions options, OwnedFd fd) throws IOException {
    EpollLoop own = own(loop);
    if (kind == SocketKind.UNIX_SEQPACKET) {
      return Adopting.adopt(
          fd, Adopting.Kind.SEQPACKET, copy -> FfmSeqpacket.over(copy, own, options));
    }
    return Adopting.adopt(fd, Adopting.Kind.DGRAM, copy -> FfmDgram.over(copy, own, UNIX, options));
  }

  @Override
  public List<DgramTransport> pairDgram(SocketKind kind, EventLoop loop, DgramOptions options)
      throws IOException {
    EpollLoop own = own(loop);
    if (kind == SocketKind.UNIX_SEQPACKET) {
      return both(Sock.pair(Sock.SEQPACKET), end -> FfmSeqpacket.over(end, own, options));
    }
    return both(Sock.pair(Sock.DGRAM), end -> FfmDgram.over(end, own, UNIX, options));
  }

  @Override
  public StreamTransport openStream(EventLoop loop, StreamOptions options) throws IOException {
    return FfmStream.over(UNIX.open(Sock.STREAM), own(loop), options);
  }

  @Override
  public StreamTransport adoptStream(EventLoop loop, StreamOptions options, OwnedFd fd)
      throws IOException {
    EpollLoop own = own(loop);
    return Adopting.adopt(
        fd,
        Adopting.Kind.STREAM,
        copy -> FfmStream.over(copy, own, options, Beside.ofStream(copy)));
  }

  @Override
  public List<StreamTransport> pairStream(EventLoop loop, StreamOptions options)
      throws IOException {
    EpollLoop own = own(loop);
    return both(Sock.pair(Sock.STREAM), end -> FfmStream.over(end, own, options));
  }

  @Override
  public ServerTransport openServer(EventLoop loop, StreamOptions options) throws IOException {
    EpollLoop own = own(loop);
    return FfmServer.over(UNIX.open(Sock.STREAM), own, accepting(own, options, 0));
  }

  @Override
  public ServerTransport adoptServer(EventLoop loop, StreamOptions options, OwnedFd fd)
      throws IOException {
    EpollLoop own = own(loop);
    return Adopting.adopt(
        fd,
        Adopting.Kind.SERVER,
        copy -> FfmServer.over(copy, own, accepting(own, options, Beside.ofStream(copy))));
  }

  /** What a server was asked for its connections are too ({@code unix_accept}). */
  private static Adopting.Over<FfmStream> accepting(
      EpollLoop loop, StreamOptions options, int others) {
    return accepted -> FfmStream.over(accepted, loop, options, others);
  }

  @Override
  public ServerTransport openSeqpacketServer(EventLoop loop, DgramOptions options)
      throws IOException {
    EpollLoop own = own(loop);
    return FfmServer.over(UNIX.open(Sock.SEQPACKET), own, accepting(own, options));
  }

  @Override
  public ServerTransport adoptSeqpacketServer(EventLoop loop, DgramOptions options, OwnedFd fd)
      throws IOException {
    EpollLoop own = own(loop);
    return Adopting.adopt(
        fd,
        Adopting.Kind.SEQPACKET_SERVER,
        copy -> FfmServer.over(copy, own, accepting(own, options)));
  }

  private static Adopting.Over<FfmSeqpacket> accepting(EpollLoop loop, DgramOptions options) {
    return accepted -> FfmSeqpacket.over(accepted, loop, options);
  }

  private static <T extends Transport> List<T> both(int[] ends, Adopting.Over<? extends T> over)
      throws IOException {
    T left;
    try {
      left = over.make(ends[0]);
    } catch (IOException | RuntimeException e) {
      FfmFd.close(ends[1]);
      throw e;
    }
    try {
      return List.of(left, over.make(ends[1]));
    } catch (IOException | RuntimeException e) {
      left.close();
      throw e;
    }
  }

  @Override
  public Descriptors descriptors() {
    return new FfmDescriptors();
  }

  private static EpollLoop own(EventLoop loop) {
    if (loop instanceof EpollLoop own) {
      return own;
    }
    throw new IllegalArgumentException(loop.name() + " is no event loop of provider " + NAME);
  }
}
