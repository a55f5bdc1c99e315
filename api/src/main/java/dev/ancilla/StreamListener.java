package dev.ancilla;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * Callbacks for event-driven programs, attached with {@link StreamSocket#listen}.
 *
 * <p><b>Threading.</b> As of a {@link DgramListener}: all run on the socket's event loop, one at a
 * time, and must not block. At most {@value EventLoop#BUDGET} reads are made before other work on
 * the loop gets its turn.
 *
 * <p><b>Back-pressure.</b> {@link Subscription#pause()}, for which {@link #onStart} brings the
 * subscription, stops the reading; the peer's writing then waits. The other way round, a {@link
 * StreamSocket#tryWrite} that did not take everything is followed by {@link #onWritable}.
 *
 * <p><b>Memory.</b> The bytes are in a buffer that all streams of a loop share: a connection that
 * says nothing costs none, and none is kept for one that says much.
 *
 * <p><b>Closing.</b> Nothing is delivered after the socket or the subscription was closed, but
 * {@link #onClose}, which comes once. What was being read while another thread closed the
 * subscription is still delivered. To go on in another style, close the subscription within {@link
 * #onData} and {@linkplain StreamSocket#unread put back} what is left.
 *
 * <pre>{@code
 * try (SocketPair<StreamSocket> pair = Sockets.unixStream().pair()) {
 *   pair.right()
 *       .listen(
 *           (socket, bytes, ancillary) -> {
 *             ByteBuffer copy = ByteBuffer.allocate(bytes.remaining()).put(bytes).flip();
 *             socket.async().write(copy);
 *           });
 *   pair.left().blocking().write(ByteBuffer.wrap("hello".getBytes()));
 *   pair.left().blocking().readExactly(ByteBuffer.allocate(5));
 * }
 * }</pre>
 */
@FunctionalInterface
public interface StreamListener {
  /** How many bytes come at a time, unless {@link #atMost} says fewer. */
  int MOST_BYTES = 65_536;

  /**
   * Takes what was read.
   *
   * @param socket where it was read
   * @param bytes the bytes, at least one, to be read within this call only: what is to stay is
   *     copied
   * @param ancillary what came with one of the bytes, as {@link StreamRead#ancillary} describes;
   *     closed when this returns, but for what was {@linkplain Ancillary#take() taken}
   * @throws Exception anything, which goes to {@link #onError}
   */
  void onData(StreamSocket socket, ByteBuffer bytes, Ancillary ancillary) throws Exception;

  /**
   * Returns how many bytes the next {@link #onData} may bring. Asked before each attempt to read.
   * Whoever cuts the stream into messages with descriptors asks for no more than is missing of the
   * current one, for which of the bytes of a read the descriptors came with is not told.
   *
   * @param socket where is read
   * @return the number of bytes, taken as within 1 and {@value #MOST_BYTES}
   */
  default int atMost(StreamSocket socket) {
    return MOST_BYTES;
  }

  /**
   * Takes the subscription, before everything else.
   *
   * @param socket where will be read
   * @param subscription the one that {@link StreamSocket#listen} returns
   */
  default void onStart(StreamSocket socket, Subscription subscription) {}

  /**
   * Takes the end of the stream: the peer has closed it, or shut its output down. Comes once, after
   * all bytes, and nothing is read after it; writing goes on. Unless overridden, ends the output
   * behind what was given to {@link StreamSocket#async()}, and closes the socket.
   *
   * @param socket what has ended
   * @throws Exception anything, which goes to {@link #onError}
   */
  default void onEnd(StreamSocket socket) throws Exception {
    socket
        .async()
        .end(List.of(), Ancillary.none())
        .whenComplete((ended, failure) -> socket.close());
  }

  /**
   * Takes the news that there may be room again, or that writing meets an error. Comes after a
   * {@link StreamSocket#tryWrite} that did not take everything; once for all that were tried until
   * then.
   *
   * @param socket where there is room
   * @throws Exception anything, which goes to {@link #onError}
   */
  default void onWritable(StreamSocket socket) throws Exception {}

  /**
   * Takes an error of reading, such as {@code ECONNRESET}, or one that another callback threw. The
   * socket stays open. Logs it unless overridden.
   *
   * @param socket where it happened
   * @param error what happened
   */
  default void onError(StreamSocket socket, Throwable error) {
    System.getLogger(StreamListener.class.getName())
        .log(System.Logger.Level.WARNING, "error while listening", error);
  }

  /**
   * Takes the end of delivery: the socket or the subscription was closed.
   *
   * @param socket the socket
   */
  default void onClose(StreamSocket socket) {}
}
