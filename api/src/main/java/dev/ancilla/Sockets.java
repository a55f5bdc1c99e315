package dev.ancilla;

import dev.ancilla.engine.Exec;
import dev.ancilla.engine.Inheritance;
import dev.ancilla.engine.OpenSeqpacket;
import dev.ancilla.engine.OpenStream;
import dev.ancilla.engine.Providers;
import dev.ancilla.spi.SocketKind;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * The entry: opens sockets.
 *
 * <p>Each method returns a builder, which ends in {@code open}, {@code bind}, {@code connect},
 * {@code listen}, {@code pair} or {@code adopt}. The provider is the one with the highest rank that
 * has what was asked for; {@code -Dancilla.provider=NAME} or the environment variable {@code
 * ANCILLA_PROVIDER} forces one for the kinds it offers.
 *
 * <pre>{@code
 * InetAddress loopback = InetAddress.getLoopbackAddress();
 * try (UdpSocket server = Sockets.udp().bind(new InetSocketAddress(loopback, 0));
 *     UdpSocket client = Sockets.udp().connect(server.localAddress())) {
 *   client.blocking().send(Message.of("hello"));
 *   try (Datagram datagram = server.blocking().receive()) {
 *     System.out.println(datagram.text() + " from " + datagram.sender());
 *   }
 * }
 * }</pre>
 */
public final class Sockets {
  private Sockets() {}

  /**
   * Begins a Unix datagram socket.
   *
   * @return its builder
   */
  public static UnixDgramBuilder unixDgram() {
    return new UnixDgramBuilder();
  }

  /**
   * Begins a Unix stream socket.
   *
   * @return its builder
   */
  public static UnixStreamBuilder unixStream() {
    return new UnixStreamBuilder();
  }

  /**
   * Begins a server of Unix streams.
   *
   * @return its builder
   */
  public static UnixServerBuilder<StreamSocket> unixServer() {
    return new UnixServerBuilder<>(SocketKind.UNIX_STREAM, OpenStream::accepted);
  }

  /**
   * Begins a Unix sequenced-packet socket.
   *
   * @return its builder
   */
  public static UnixSeqpacketBuilder unixSeqpacket() {
    return new UnixSeqpacketBuilder();
  }

  /**
   * Begins a server of Unix sequenced packets.
   *
   * @return its builder
   */
  public static UnixServerBuilder<UnixSeqpacketSocket> unixSeqpacketServer() {
    return new UnixServerBuilder<>(SocketKind.UNIX_SEQPACKET, OpenSeqpacket::accepted);
  }

  /**
   * Begins a UDP socket.
   *
   * @return its builder
   */
  public static UdpBuilder udp() {
    return new UdpBuilder();
  }

  /**
   * Takes the descriptors that a supervisor started this process with, as {@code sd_listen_fds(3)}
   * does: as many as {@code LISTEN_FDS} says, from number 3 on, if {@code LISTEN_PID} is this
   * process, with their names of {@code LISTEN_FDNAMES}. They become close-on-exec.
   *
   * <p>They are given out once, for each has one owner: later calls return an empty list, from
   * whichever thread.
   *
   * @return the descriptors in their order, owned by the caller; none if nobody left any to this
   *     process
   * @throws UnsupportedFeatureException if there are some, and no provider has {@link
   *     Feature#INHERITANCE}
   * @throws SocketOpException {@code EINVAL} if a variable is not as it should be, {@code EBADF} if
   *     a descriptor is not open; nothing was taken then
   * @throws IOException if it fails otherwise
   */
  public static List<InheritedFd> inherited() throws IOException {
    return Inheritance.take();
  }

  /**
   * Becomes another program, which finds these sockets as {@link #inherited()} does: bound already,
   * and listening if they are servers. The process stays the same, with its number, and no socket
   * file is removed. Whoever supervises it notices nothing, and who connects is not refused.
   *
   * <p><b>What the program has.</b> The sockets in the map's order from number 3 on, blocking; the
   * environment of this process with {@code LISTEN_FDS}, {@code LISTEN_PID} and {@code
   * LISTEN_FDNAMES}; standard input, output and error; no other descriptor. It also has what {@code
   * execve(2)} keeps: the directory, the umask, the limits, of which Java raises that of open
   * descriptors to the hard one ({@code -XX:-MaxFDLimit} leaves it), and which signals were ignored
   * when Java started.
   *
   * <p><b>What ends.</b> Everything else of this process, at once: all threads, without shutdown
   * hooks, and messages that were received ahead and not asked for ({@link
   * UnixDgramBuilder#prefetch}). Other threads should not use the sockets meanwhile.
   *
   * @param command the program, which is looked up in the {@code PATH} if its name has no slash,
   *     and its arguments
   * @param sockets the sockets, each with its name: ASCII without colons and control characters, at
   *     most 255 of them; several may have one name
   * @throws IllegalArgumentException if the command is empty or has a NUL, or a name is no such
   * @throws UnsupportedFeatureException without {@link Feature#INHERITANCE}
   * @throws java.nio.file.NoSuchFileException if there is no such program; like all others this
   *     leaves the process and the sockets as they were
   * @throws java.nio.file.AccessDeniedException if it may not be executed
   * @throws java.nio.channels.ClosedChannelException if a socket is closed
   * @throws IOException if it fails otherwise
   */
  public static void exec(List<String> command, Map<? extends Socket, String> sockets)
      throws IOException {
    Exec.exec(command, sockets);
  }

  /**
   * Tells which providers there are, and why one is not available.
   *
   * @return the providers, highest rank first
   */
  public static List<ProviderInfo> providers() {
    return Providers.describe();
  }
}
