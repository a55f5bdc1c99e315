package dev.ancilla;

import dev.ancilla.spi.Pending;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A Unix socket that listens for connections.
 *
 * <p><b>Errors do not end it.</b> While the process is out of descriptors or memory, accepting
 * waits a tenth of a second at a time, and says so in the log; the connections wait in the kernel.
 * A connection that was aborted before it was accepted is passed over.
 *
 * <p><b>Closing</b> leaves accepted sockets alone. Whoever waits to be accepted is refused.
 *
 * <pre>{@code
 * UnixAddress address = UnixAddress.path("/run/example.sock");
 * try (Server<StreamSocket> server = Sockets.unixServer().mode(0600).replaceStale().listen(address)) {
 *   while (true) {
 *     StreamSocket client = server.blocking().accept();
 *     client.async().end(List.of(ByteBuffer.wrap("hello".getBytes())), Ancillary.none())
 *         .whenComplete((sent, failure) -> client.close());
 *   }
 * }
 * }</pre>
 *
 * @param <S> what it accepts
 */
public interface Server<S extends UnixConnection> extends Socket {
  @Override
  UnixAddress localAddress() throws IOException;

  /** Returns {@code null}: a server has no peer. */
  @Override
  @Nullable UnixAddress remoteAddress() throws IOException;

  /**
   * Tries to accept a connection without waiting.
   *
   * @return its socket, on this server's loop, owned by the caller; {@code null} if nobody who is
   *     allowed waits, if this server is paused, or if the process is out of descriptors
   * @throws java.nio.channels.ClosedChannelException if this server is closed
   * @throws SocketOpException if the kernel refuses for another reason; this server stays open
   * @throws IOException if it fails otherwise
   */
  @Nullable S tryAccept() throws IOException;

  /**
   * Accepts no more until {@link #resume()}: whoever connects waits in the kernel, up to the
   * backlog. An accept that has begun on another thread ends first. Idempotent.
   *
   * @throws java.nio.channels.ClosedChannelException if this server is closed
   */
  void pause() throws IOException;

  /**
   * Goes on accepting. Idempotent.
   *
   * @throws java.nio.channels.ClosedChannelException if this server is closed
   */
  void resume() throws IOException;

  /**
   * Duplicates the descriptor, so that another process can be handed it and {@linkplain
   * UnixServerBuilder#adopt adopt} it. Both listen at the same address then, and each connection
   * goes to one of them; when this one is closed the other goes on, and nobody who connects is
   * refused meanwhile. The socket file is removed with this server unless {@link
   * UnixServerBuilder#unlinkOnClose} says otherwise.
   *
   * @return the descriptor, owned by the caller
   * @throws UnsupportedFeatureException without {@link Feature#EXPORT}
   * @throws java.nio.channels.ClosedChannelException if this server is closed
   * @throws IOException if the process is out of descriptors
   */
  OwnedFd duplicate() throws IOException;

  /**
   * Returns the calls that wait on the calling thread.
   *
   * @return the blocking view
   */
  BlockingServer<S> blocking();

  /**
   * Returns the calls that return futures.
   *
   * @return the asynchronous view
   */
  AsyncServer<S> async();

  /**
   * Delivers connections to a listener, on the event loop. They go to whoever asks first: a
   * listener does not get what another call accepted.
   *
   * @param listener the callbacks
   * @return the subscription, with which delivery is paused, resumed and ended
   * @throws java.nio.channels.ClosedChannelException if this server is closed
   */
  Subscription listen(ServerListener<S> listener) throws IOException;

  /**
   * Begins to accept a connection, for those who build a calling style of their own.
   *
   * @return the call
   */
  Pending<S> beginAccept();
}
