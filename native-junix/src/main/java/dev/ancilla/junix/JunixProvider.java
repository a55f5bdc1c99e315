package dev.ancilla.junix;

import dev.ancilla.EventLoop;
import dev.ancilla.Feature;
import dev.ancilla.OwnedFd;
import dev.ancilla.spi.Descriptors;
import dev.ancilla.spi.DgramOptions;
import dev.ancilla.spi.DgramTransport;
import dev.ancilla.spi.Provider;
import dev.ancilla.spi.SelectorLoop;
import dev.ancilla.spi.ServerTransport;
import dev.ancilla.spi.SocketKind;
import dev.ancilla.spi.StreamOptions;
import dev.ancilla.spi.StreamTransport;
import java.io.FileDescriptor;
import java.io.IOException;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFSocket;
import org.newsclub.net.unix.AFSocketCapability;
import org.newsclub.net.unix.AFUNIXSelectorProvider;
import org.newsclub.net.unix.AFUNIXSocket;

/**
 * The portable provider, {@code native-junix}: Unix datagrams, streams and servers over
 * junixsocket-core.
 *
 * <p><b>Costs.</b> Each socket has two descriptors: one that holds the socket, and a duplicate on
 * which every call is made, because junixsocket closes the descriptor of a call that the kernel
 * refused. A platform thread that waits in a blocking call, but for a full receiver, has a selector
 * of its own, of two more; up to four a direction stay with the socket. A read of a stream that
 * asked for descriptors is two system calls: the bytes are looked at first.
 *
 * <p><b>What remains</b>, because no call of junixsocket's public API avoids it:
 *
 * <ul>
 *   <li>Without access to junixsocket's internals (on the module path without {@code --add-opens
 *       org.newsclub.net.unix/org.newsclub.net.unix=dev.ancilla.junix}) at most 60 descriptors can
 *       come with a message. A sender that passes more to a socket that asked for descriptors then
 *       makes the message lost, which is reported, and leaks 60 descriptors, which is not: {@link
 *       Feature#MANY_DESCRIPTORS} is absent. And there are no streams and servers: {@link #kinds()}
 *       does not name them. And attempts to send a message run on the event loop's thread, because
 *       an interrupt inside a channel call closes the channel: elsewhere they cost a hop.
 *   <li>If the process runs out of descriptors while it receives some, the message is lost, which
 *       is reported, and those that were installed leak. A stream loses and leaks nothing: its read
 *       brings all the bytes and says that descriptors are missing.
 *   <li>Received descriptors are close-on-exec only after a moment: {@link
 *       Feature#CLOEXEC_ON_RECEIPT} is absent.
 *   <li>What the kernel discarded is not told: {@link Feature#ANCILLARY_TRUNCATION} is absent. What
 *       this provider discarded is.
 *   <li>A socket file has mode 0666 for a moment after binding, until the mode that was asked for
 *       or the umask is applied: {@link Feature#ATOMIC_MODE} is absent. Bind in a directory that
 *       others cannot enter where that matters. A server listens only after that moment.
 *   <li>Asking for an abstract name that a server has connects to it, and closes that connection.
 *   <li>junixsocket's bind removes a file at the path if nobody answers on it. The path is checked
 *       before, but a file that another process makes between the check and the call is removed.
 *   <li>An empty datagram to a target that other processes fill up within the same microseconds is
 *       lost. It tells its sender only with access to junixsocket's internals.
 *   <li>An abstract name that ends in NUL bytes is told without them when it is a sender's.
 *   <li>On JDK 17 a socket can be disconnected only with access to junixsocket's internals: {@link
 *       Feature#DISCONNECT}.
 *   <li>A file is checked for its options and then opened: {@code NOFOLLOW_LINKS} follows a link
 *       that another process puts there in between.
 *   <li>An interrupt inside {@code position}, {@code size} or {@code truncate} of a descriptor's
 *       channel closes the descriptor.
 * </ul>
 */
public final class JunixProvider implements Provider {
  static final String NAME = "native-junix";

  private final Map<SocketKind, Set<Feature>> features = new EnumMap<>(SocketKind.class);

  /** Creates the provider; for {@link java.util.ServiceLoader}. */
  public JunixProvider() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int priority() {
    return 100;
  }

  @Override
  public @Nullable String unavailable() {
    try {
      if (!AFSocket.isSupported() || !AFUNIXSocket.isSupported()) {
        return "junixsocket has no native library for this platform";
      }
      if (!AFSocket.supports(AFSocketCapability.CAPABILITY_UNIX_DATAGRAMS)
          || !AFSocket.supports(AFSocketCapability.CAPABILITY_FILE_DESCRIPTORS)) {
        return "this platform has no Unix datagrams with descriptors";
      }
      return null;
    } catch (LinkageError | IllegalCallerException e) {
      return "the native library of junixsocket cannot be loaded: " + e;
    }
  }

  @Override
  public Set<SocketKind> kinds() {
    return Natives.accessible()
        ? Set.of(SocketKind.UNIX_DGRAM, SocketKind.UNIX_STREAM)
        : Set.of(SocketKind.UNIX_DGRAM);
  }

  @Override
  public Set<Feature> features(SocketKind kind) {
    synchronized (features) {
      return features.computeIfAbsent(kind, JunixProvider::featuresOf);
    }
  }

  private static Set<Feature> featuresOf(SocketKind kind) {
    Set<Feature> found =
        EnumSet.of(Feature.FD_PASSING, Feature.ADOPT, Feature.JAVA_FILE_DESCRIPTOR);
    if (AFSocket.supports(AFSocketCapability.CAPABILITY_ABSTRACT_NAMESPACE)) {
      found.add(Feature.ABSTRACT_NAMES);
    }
    if (Internals.get() != null) {
      found.add(Feature.MANY_DESCRIPTORS);
    }
    if (kind == SocketKind.UNIX_DGRAM) {
      found.add(Feature.EMPTY_TO_PEER);
      if (Internals.get() != null || Disconnecting.worksInPublic()) {
        found.add(Feature.DISCONNECT);
      }
    } else {
      found.add(Feature.EXPORT);
    }
    return Set.copyOf(found);
  }

  @Override
  public int descriptorLimit() {
    return Internals.get() == null ? ControlBuffer.PUBLIC_LIMIT : ControlBuffer.KERNEL_LIMIT;
  }

  @Override
  public EventLoop openLoop(String name) {
    return new SelectorLoop(name, () -> AFUNIXSelectorProvider.provider().openSelector(), true);
  }

  @Override
  public DgramTransport openDgram(SocketKind kind, EventLoop loop, DgramOptions options)
      throws IOException {
    return JunixDgram.open(own(loop), options.maxDescriptors());
  }

  @Override
  public DgramTransport adoptDgram(
      SocketKind kind, EventLoop loop, DgramOptions options, OwnedFd fd) throws IOException {
    SelectorLoop own = own(loop);
    return Adopting.adopt(
        fd, Adopting.Kind.DGRAM, copy -> JunixDgram.over(copy, own, options.maxDescriptors()));
  }

  /** junixsocket's own pairs leak their descriptors, so two sockets with random names make one. */
  @Override
  public List<DgramTransport> pairDgram(SocketKind kind, EventLoop loop, DgramOptions options)
      throws IOException {
    JunixDgram left = JunixDgram.open(own(loop), options.maxDescriptors());
    JunixDgram right = null;
    boolean done = false;
    try {
      right = JunixDgram.open(own(loop), options.maxDescriptors());
      left.bind(dev.ancilla.UnixAddress.autobind(), -1);
      right.bind(dev.ancilla.UnixAddress.autobind(), -1);
      left.connect(right.localAddress());
      right.connect(left.localAddress());
      done = true;
      return List.of(left, right);
    } finally {
      if (!done) {
        left.close();
        if (right != null) {
          right.close();
        }
      }
    }
  }

  @Override
  public StreamTransport openStream(EventLoop loop, StreamOptions options) throws IOException {
    SelectorLoop own = own(loop);
    return JunixStream.over(JunixStreamSocket.open(), own, options);
  }

  @Override
  public StreamTransport adoptStream(EventLoop loop, StreamOptions options, OwnedFd fd)
      throws IOException {
    SelectorLoop own = own(loop);
    return Adopting.adopt(fd, Adopting.Kind.STREAM, copy -> JunixStream.over(copy, own, options));
  }

  /** junixsocket's own pairs leak two descriptors, which it opens before those of the pair. */
  @Override
  public List<StreamTransport> pairStream(EventLoop loop, StreamOptions options)
      throws IOException {
    SelectorLoop own = own(loop);
    List<FileDescriptor> ends = JunixStreamSocket.openPair();
    StreamTransport left;
    try {
      left = JunixStream.over(ends.get(0), own, options);
    } catch (IOException | RuntimeException e) {
      JunixFd.close(ends.get(1));
      throw e;
    }
    try {
      return List.of(left, JunixStream.over(ends.get(1), own, options));
    } catch (IOException | RuntimeException e) {
      left.close();
      throw e;
    }
  }

  @Override
  public ServerTransport openServer(EventLoop loop, StreamOptions options) throws IOException {
    SelectorLoop own = own(loop);
    return JunixServer.over(JunixStreamSocket.open(), own, options);
  }

  @Override
  public ServerTransport adoptServer(EventLoop loop, StreamOptions options, OwnedFd fd)
      throws IOException {
    SelectorLoop own = own(loop);
    return Adopting.adopt(fd, Adopting.Kind.SERVER, copy -> JunixServer.over(copy, own, options));
  }

  @Override
  public Descriptors descriptors() {
    return new JunixDescriptors();
  }

  private static SelectorLoop own(EventLoop loop) {
    if (loop instanceof SelectorLoop own) {
      return own;
    }
    throw new IllegalArgumentException(loop.name() + " is no event loop of provider " + NAME);
  }
}
