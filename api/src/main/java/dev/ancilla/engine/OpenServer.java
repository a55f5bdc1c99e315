package dev.ancilla.engine;

import dev.ancilla.AsyncServer;
import dev.ancilla.BlockingServer;
import dev.ancilla.Errno;
import dev.ancilla.Feature;
import dev.ancilla.OwnedFd;
import dev.ancilla.PeerCredentials;
import dev.ancilla.Server;
import dev.ancilla.ServerListener;
import dev.ancilla.SocketOpException;
import dev.ancilla.Sockets;
import dev.ancilla.StreamSocket;
import dev.ancilla.Subscription;
import dev.ancilla.UnixAddress;
import dev.ancilla.UnixConnection;
import dev.ancilla.spi.ConnectionTransport;
import dev.ancilla.spi.Interest;
import dev.ancilla.spi.Pending;
import dev.ancilla.spi.QuietLog;
import dev.ancilla.spi.Readiness;
import dev.ancilla.spi.ServerTransport;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An open server: hands attempts to its transport, and to nobody whom its list does not allow.
 *
 * @param <S> what it accepts
 */
public final class OpenServer<S extends UnixConnection> extends OpenSocket<ServerTransport>
    implements Server<S> {
  private static final Set<Errno> SHORTAGES =
      EnumSet.of(Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM, Errno.ENOBUFS);

  /** How many connections one attempt may pass over: others have their turn then. */
  private static final int PASSED_OVER = 16;

  private final Binding binding;
  private final AllowList allowed;
  private final Accepting<S> accepting;
  private final AcceptGate gate;
  private final Lane accepts;

  /**
   * Makes the socket of a connection.
   *
   * @param <S> what it makes
   */
  @FunctionalInterface
  public interface Accepting<S extends UnixConnection> {
    /**
     * Makes the socket.
     *
     * @param server who accepts it, and how that was opened
     * @param accepted the connection, owned by the socket from now on
     * @return the socket
     */
    S socket(Opening.Opened<ServerTransport> server, ConnectionTransport accepted);
  }

  /**
   * Creates the server over its transport.
   *
   * @param opened the transport, owned by the server
   * @param binding how its file comes and goes
   * @param allowed who may connect
   * @param accepting makes the sockets
   */
  public OpenServer(
      Opening.Opened<ServerTransport> opened,
      Binding binding,
      AllowList allowed,
      Accepting<S> accepting) {
    super(opened);
    this.binding = binding;
    this.allowed = allowed;
    this.accepting = accepting;
    this.gate = new AcceptGate(transport);
    this.accepts = new Lane(transport.eventLoop(), () -> {});
  }

  /**
   * Binds and begins to listen.
   *
   * @param address where
   * @param backlog how many connections may wait to be accepted
   * @throws IOException if the kernel refuses
   */
  public void listen(UnixAddress address, int backlog) throws IOException {
    UnixAddress checked = (UnixAddress) new UnixRules().forBind(address);
    binding.bind(transport::bind, checked, this::answers, () -> transport.listen(backlog));
  }

  /** ECONNREFUSED means a file on which nobody listens; a full backlog is somebody's (unix(7)). */
  private boolean answers(UnixAddress address) throws IOException {
    try (StreamSocket probe = Sockets.unixStream().open()) {
      probe.tryConnect(address);
      return true;
    } catch (SocketOpException e) {
      return e.errno() != Errno.ECONNREFUSED;
    }
  }

  @Override
  public @Nullable S tryAccept() throws IOException {
    for (int i = 0; i < PASSED_OVER; i++) {
      checkOpen("accept", null);
      if (gate.isPaused()) {
        return null;
      }
      ConnectionTransport accepted;
      try {
        accepted = attempt(Interest.READ, transport::tryAccept);
      } catch (SocketOpException e) {
        if (passes(e)) {
          continue;
        }
        return null;
      }
      if (accepted == null) {
        return null;
      }
      S socket = socketOf(accepted);
      if (socket != null) {
        return socket;
      }
    }
    return null; // The next wait ends at once.
  }

  /** Makes the socket, or closes the connection: if it is not allowed, or this fails. */
  private @Nullable S socketOf(ConnectionTransport accepted) {
    S socket = null;
    try {
      if (isAllowed(accepted)) {
        socket = accepting.socket(opened, accepted);
      }
      return socket;
    } finally {
      if (socket == null) {
        accepted.close();
      }
    }
  }

  /** Returns whether only this connection is lost; otherwise accepting has to wait. */
  private boolean passes(SocketOpException e) throws SocketOpException {
    if (e.errno() == Errno.ECONNABORTED) {
      return true;
    }
    if (!SHORTAGES.contains(e.errno())) {
      throw e;
    }
    if (gate.backOff()) {
      warn("{0}; trying again", e.getMessage());
    }
    return false;
  }

  private static void warn(String format, Object... parameters) {
    QuietLog.log(Server.class, System.Logger.Level.WARNING, format, parameters);
  }

  private boolean isAllowed(ConnectionTransport accepted) {
    if (allowed.everybody()) {
      return true;
    }
    String why;
    try {
      PeerCredentials peer = accepted.peerCredentials();
      if (allowed.allows(peer)) {
        return true;
      }
      why = peer.toString();
    } catch (IOException e) {
      why = e.toString();
    }
    warn("accept {0}: refused {1}", name(), why);
    return false;
  }

  private String name() {
    try {
      return transport.localAddress().toString();
    } catch (IOException closing) {
      return "";
    }
  }

  @Override
  public void pause() throws IOException {
    checkOpen("pause", null);
    gate.pause();
  }

  @Override
  public void resume() throws IOException {
    checkOpen("resume", null);
    gate.resume();
  }

  @Override
  public OwnedFd duplicate() throws IOException {
    checkOpen("duplicate", null);
    checkFeature(Feature.EXPORT, "duplicate");
    return OwnedFd.wrap(transport.duplicate());
  }

  @Override
  public UnixAddress localAddress() throws IOException {
    return (UnixAddress) super.localAddress();
  }

  @Override
  public @Nullable UnixAddress remoteAddress() throws IOException {
    checkOpen("getpeername", null);
    return null;
  }

  @Override
  public Readiness readiness() {
    return gate;
  }

  @Override
  public BlockingServer<S> blocking() {
    return this::accept;
  }

  @Override
  public AsyncServer<S> async() {
    return () -> accepts.call(this::beginAccept);
  }

  @Override
  public Subscription listen(ServerListener<S> listener) throws ClosedChannelException {
    return deliver(new ServerDelivery<>(this, listener));
  }

  /** Lets whoever waits to accept wait a moment longer. */
  void backOff() {
    gate.backOff();
  }

  @Override
  public Pending<S> beginAccept() {
    return new Attempts<>(this::tryAccept, gate, Interest.READ);
  }

  private S accept(@Nullable Duration timeout) throws IOException {
    return BlockingCall.call(this, "accept", null, timeout, beginAccept());
  }

  @Override
  void beforeClose() {
    binding.unlink();
  }

  @Override
  void afterClose() {
    gate.close();
  }
}
