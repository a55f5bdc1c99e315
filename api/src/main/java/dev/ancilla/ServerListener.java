package dev.ancilla;

/**
 * Callbacks for event-driven servers, attached with {@link Server#listen}.
 *
 * <p><b>Threading.</b> As of a {@link DgramListener}: all run on the server's event loop, one at a
 * time, and must not block. The connections are on the same loop.
 *
 * <p><b>Back-pressure.</b> {@link Subscription#pause()} stops this listener, {@link Server#pause()}
 * everybody; whoever connects meanwhile waits in the kernel.
 *
 * <p><b>Closing.</b> Nothing is delivered after the server or the subscription was closed, but
 * {@link #onClose}, which comes once. A connection that was being accepted while another thread
 * closed the subscription is still delivered.
 *
 * <pre>{@code
 * UnixAddress address = UnixAddress.path("/run/example.sock");
 * try (Server<StreamSocket> server = Sockets.unixServer().mode(0600).listen(address)) {
 *   server.listen(
 *       (from, connection) ->
 *           connection.listen(
 *               (socket, bytes, ancillary) ->
 *                   System.out.println(socket + " wrote " + bytes.remaining() + " bytes")));
 *   server.closed().toCompletableFuture().join();
 * }
 * }</pre>
 *
 * @param <S> what the server accepts
 */
@FunctionalInterface
public interface ServerListener<S extends UnixConnection> {
  /**
   * Takes a connection.
   *
   * @param server who accepted it
   * @param connection the connection, owned by this listener from now on; closed for it if this
   *     throws
   * @throws Exception anything, which goes to {@link #onError}
   */
  void onConnection(Server<S> server, S connection) throws Exception;

  /**
   * Takes an error of accepting, which goes on after a moment, or one that {@link #onConnection}
   * threw. Logs it unless overridden. A shortage of descriptors or memory does not come here: as in
   * every style, the server waits it out and says so in the log.
   *
   * @param server where it happened
   * @param error what happened
   */
  default void onError(Server<S> server, Throwable error) {
    System.getLogger(ServerListener.class.getName())
        .log(System.Logger.Level.WARNING, "error while accepting", error);
  }

  /**
   * Takes the end: the server or the subscription was closed.
   *
   * @param server the server
   */
  default void onClose(Server<S> server) {}
}
