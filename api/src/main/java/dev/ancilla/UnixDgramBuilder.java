package dev.ancilla;

import dev.ancilla.engine.Binding;
import dev.ancilla.engine.OpenUnixDgram;
import dev.ancilla.engine.Opening;
import dev.ancilla.spi.DgramOptions;
import dev.ancilla.spi.SocketKind;
import java.io.IOException;
import java.time.Duration;

/**
 * Opens a Unix datagram socket.
 *
 * <p>Not safe for use by several threads. May be used again after it has opened a socket.
 */
public final class UnixDgramBuilder {
  /** How many descriptors Linux passes with one message, {@code SCM_MAX_FD}. */
  public static final int DESCRIPTORS_PER_MESSAGE = 253;

  private final Opening opening = new Opening(SocketKind.UNIX_DGRAM);
  private int mode = Binding.MODE_OF_UMASK;
  private boolean replaceStale;
  private boolean unlinkOnClose = true;

  UnixDgramBuilder() {}

  /**
   * Says how many descriptors a message may bring. Without it none: the kernel then discards what
   * is sent, and nobody can fill this process with descriptors.
   *
   * @param count at most 253; descriptors beyond it are closed, and the message says so
   * @return this
   * @throws IllegalArgumentException if the count is negative or more than 253
   */
  public UnixDgramBuilder maxDescriptors(int count) {
    opening.maxDescriptors(count);
    return this;
  }

  /**
   * Says how many messages may be taken out of the kernel's queue with one system call, before
   * anybody asks for them, where the provider has {@link Feature#BATCHES}. They stay the socket's:
   * they are received in order, each once, and closing the socket closes their descriptors. But a
   * sender that waits for room may send that many more, and another process that shares the socket
   * does not see them: there, and before the socket's descriptor is handed over, it must be 0.
   *
   * <p>Without it 64, and fewer if messages may bring descriptors: together at most 32 descriptors,
   * but at least one message.
   *
   * @param messages at most 64; 0 takes no message before it is asked for
   * @return this
   * @throws IllegalArgumentException if the number is negative or more than 64
   */
  public UnixDgramBuilder prefetch(int messages) {
    opening.prefetch(messages);
    return this;
  }

  /**
   * Asks for the sender's pid, uid and gid with each message, in the kernel's word ({@code
   * SO_PASSCRED}, {@code unix(7)}). Needs {@link Feature#MESSAGE_CREDENTIALS}. A socket without a
   * name gets one from the kernel when it sends or connects ({@code unix(7)}, autobind).
   *
   * @return this
   */
  public UnixDgramBuilder messageCredentials() {
    opening.options(DgramOptions::withCredentials, Feature.MESSAGE_CREDENTIALS);
    return this;
  }

  /**
   * Asks for a descriptor of the sender's process with each message ({@code SO_PASSPIDFD}), which,
   * unlike its pid, never comes to mean another process. Needs {@link Feature#MESSAGE_PIDFDS}.
   *
   * <p>A message that brings more descriptors than were asked for may come without it; {@link
   * Ancillary#truncated()} tells. Who has to know the sender refuses such messages.
   *
   * @return this
   */
  public UnixDgramBuilder messagePidfds() {
    opening.options(DgramOptions::withPidfds, Feature.MESSAGE_PIDFDS);
    return this;
  }

  /**
   * Asks for the time at which the kernel took each message ({@code SO_TIMESTAMPNS}, {@code
   * socket(7)}). Needs {@link Feature#TIMESTAMPS}.
   *
   * @return this
   */
  public UnixDgramBuilder timestamps() {
    opening.timestamps();
    return this;
  }

  /**
   * Says how many bytes of a message to keep. Without it messages of any size arrive whole.
   *
   * @param bytes the limit, at least 1; a longer message is cut and {@link Datagram#truncated()}
   *     says so
   * @return this
   * @throws IllegalArgumentException if the limit is less than 1
   */
  public UnixDgramBuilder limit(int bytes) {
    opening.limit(bytes);
    return this;
  }

  /**
   * Asks for a size of the kernel's send buffer, which bounds the largest message.
   *
   * @param bytes the size, at least 1
   * @return this
   * @throws IllegalArgumentException if the size is less than 1
   */
  public UnixDgramBuilder sendBufferSize(int bytes) {
    opening.sendBufferSize(bytes);
    return this;
  }

  /**
   * Asks for a size of the kernel's receive buffer.
   *
   * @param bytes the size, at least 1
   * @return this
   * @throws IllegalArgumentException if the size is less than 1
   */
  public UnixDgramBuilder receiveBufferSize(int bytes) {
    opening.receiveBufferSize(bytes);
    return this;
  }

  /**
   * Says the permission bits of the socket file. Whoever may write to the file may send. Without it
   * the umask decides, as for any file.
   *
   * @param mode the bits, such as {@code 0600}
   * @return this
   * @throws IllegalArgumentException if there are other bits than {@code 0777}
   */
  public UnixDgramBuilder mode(int mode) {
    this.mode = Binding.checkedMode(mode);
    return this;
  }

  /**
   * Allows binding to remove what a dead process left behind: a file at the path is removed if, and
   * only if, it is a socket and nobody answers on it. Of two processes that try at the same time
   * one wins.
   *
   * <p>A file {@code PATH.lock} beside the socket is locked while this is decided. It is empty and
   * stays: removing a lock file safely is harder than the problem it solves.
   *
   * @return this
   */
  public UnixDgramBuilder replaceStale() {
    this.replaceStale = true;
    return this;
  }

  /**
   * Says whether closing removes the socket file, which it does by default, if the file is still
   * the one that was bound.
   *
   * @param unlink whether to remove it
   * @return this
   */
  public UnixDgramBuilder unlinkOnClose(boolean unlink) {
    this.unlinkOnClose = unlink;
    return this;
  }

  /**
   * Asks for features: a provider without one of them is not taken.
   *
   * @param features what is needed
   * @return this
   */
  public UnixDgramBuilder require(Feature... features) {
    opening.require(features);
    return this;
  }

  /**
   * Says which loop waits for the socket. Without it all sockets of a provider share one.
   *
   * @param loop a loop that {@link #newEventLoop} opened
   * @return this
   */
  public UnixDgramBuilder eventLoop(EventLoop loop) {
    opening.eventLoop(loop);
    return this;
  }

  /**
   * Opens another loop on the provider that this builder would take.
   *
   * @param name the name of its thread
   * @return the loop
   * @throws UnsupportedFeatureException if no provider has what was asked for; where none offers
   *     this kind of socket at all, its superclass {@link UnsupportedOperationException}
   */
  public EventLoop newEventLoop(String name) {
    return opening.newEventLoop(name);
  }

  /**
   * Opens another loop that looks for work for a while before it sleeps. That saves waking a
   * processor, some 20 to 50 µs a message, and costs a processor while there is traffic. Blocking
   * calls on the sockets of such a loop spin as well. Needs {@link Feature#SPINNING}.
   *
   * @param name the name of its thread
   * @param spin for how long after the last message, at most 1 ms; commonly 50 µs
   * @return the loop
   * @throws IllegalArgumentException if the time is negative or longer
   * @throws UnsupportedFeatureException if no provider has what was asked for, as on a machine with
   *     one processor
   */
  public EventLoop newEventLoop(String name, Duration spin) {
    return opening.newEventLoop(name, spin);
  }

  /**
   * Opens a socket without a name. It can send; nobody can answer.
   *
   * @return the socket, owned by the caller
   * @throws UnsupportedFeatureException if no provider has what was asked for; where none offers
   *     this kind of socket at all, its superclass {@link UnsupportedOperationException}
   * @throws IOException if the kernel refuses
   */
  public UnixDgramSocket open() throws IOException {
    return new OpenUnixDgram(opening.open(), binding());
  }

  /**
   * Opens a socket and binds it.
   *
   * @param address a path, an abstract name, or the request to autobind
   * @return the socket, owned by the caller
   * @throws UnsupportedFeatureException if no provider has what was asked for; where none offers
   *     this kind of socket at all, its superclass {@link UnsupportedOperationException}
   * @throws SocketOpException if the kernel refuses, as {@link DgramSocket#bind} describes
   * @throws IOException if it fails otherwise
   */
  public UnixDgramSocket bind(UnixAddress address) throws IOException {
    UnixDgramSocket socket = open();
    Opening.orClose(socket, () -> socket.bind(address));
    return socket;
  }

  /**
   * Opens a socket without a name and connects it.
   *
   * @param address the peer
   * @return the socket, owned by the caller
   * @throws UnsupportedFeatureException if no provider has what was asked for; where none offers
   *     this kind of socket at all, its superclass {@link UnsupportedOperationException}
   * @throws SocketOpException if the kernel refuses, as {@link DgramSocket#tryConnect} describes
   * @throws IOException if it fails otherwise
   */
  public UnixDgramSocket connect(UnixAddress address) throws IOException {
    UnixDgramSocket socket = open();
    Opening.orClose(socket, () -> socket.tryConnect(address));
    return socket;
  }

  /**
   * Opens two sockets that are connected to each other.
   *
   * @return the pair, owned by the caller
   * @throws UnsupportedFeatureException if no provider has what was asked for; where none offers
   *     this kind of socket at all, its superclass {@link UnsupportedOperationException}
   * @throws IOException if the kernel refuses
   */
  public SocketPair<UnixDgramSocket> pair() throws IOException {
    var ends = opening.pair();
    return new SocketPair<>(
        new OpenUnixDgram(ends.get(0), binding()), new OpenUnixDgram(ends.get(1), binding()));
  }

  /**
   * Makes a socket of a descriptor that was opened elsewhere. It becomes non-blocking, for every
   * process that shares it. Its socket file is not removed on close.
   *
   * @param descriptor a Unix datagram socket; closed on success, untouched otherwise
   * @return the socket, owned by the caller
   * @throws UnsupportedFeatureException if no provider has what was asked for; where none offers
   *     this kind of socket at all, its superclass {@link UnsupportedOperationException}
   * @throws SocketOpException if the descriptor is something else: {@code ENOTSOCK}, {@code
   *     EPROTOTYPE}
   * @throws IOException if it fails otherwise
   */
  public UnixDgramSocket adopt(OwnedFd descriptor) throws IOException {
    return new OpenUnixDgram(opening.adopt(descriptor), binding());
  }

  private Binding binding() {
    return new Binding(mode, replaceStale, unlinkOnClose);
  }
}
