package dev.ancilla;

import dev.ancilla.engine.OpenSeqpacket;
import dev.ancilla.engine.Opening;
import dev.ancilla.spi.SocketKind;
import java.io.IOException;

/**
 * Opens a Unix sequenced-packet socket.
 *
 * <p>Not safe for use by several threads. May be used again after it has opened a socket.
 */
public final class UnixSeqpacketBuilder {
  private final Opening opening = new Opening(SocketKind.UNIX_SEQPACKET);

  UnixSeqpacketBuilder() {}

  /**
   * Says how many descriptors a message may bring. Without it none: the kernel then discards what
   * is sent, and nobody can fill this process with descriptors.
   *
   * @param count at most 253; descriptors beyond it are closed, and the message says so
   * @return this
   * @throws IllegalArgumentException if the count is negative or more than 253
   */
  public UnixSeqpacketBuilder maxDescriptors(int count) {
    opening.maxDescriptors(count);
    return this;
  }

  /**
   * Asks for a size of the kernel's send buffer, which bounds the largest message, and what the
   * peer has not received yet.
   *
   * @param bytes the size, at least 1
   * @return this
   * @throws IllegalArgumentException if the size is less than 1
   */
  public UnixSeqpacketBuilder sendBufferSize(int bytes) {
    opening.sendBufferSize(bytes);
    return this;
  }

  /**
   * Says how many messages may be taken out of the kernel's queue before anybody asks for them, as
   * {@link UnixDgramBuilder#prefetch} does.
   *
   * @param messages at most 64; 0 takes no message before it is asked for
   * @return this
   * @throws IllegalArgumentException if the number is negative or more than 64
   */
  public UnixSeqpacketBuilder prefetch(int messages) {
    opening.prefetch(messages);
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
  public UnixSeqpacketBuilder limit(int bytes) {
    opening.limit(bytes);
    return this;
  }

  /**
   * Asks for features: a provider without one of them is not taken.
   *
   * @param features what is needed
   * @return this
   */
  public UnixSeqpacketBuilder require(Feature... features) {
    opening.require(features);
    return this;
  }

  /**
   * Says which loop waits for the socket. Without it all sockets of a provider share one.
   *
   * @param loop a loop that {@link #newEventLoop} opened
   * @return this
   */
  public UnixSeqpacketBuilder eventLoop(EventLoop loop) {
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
   * Opens a socket that is not connected yet. Who has to wait for a server whose backlog is full
   * opens the socket and connects with one of its views.
   *
   * @return the socket, owned by the caller
   * @throws UnsupportedFeatureException if no provider has what was asked for; where none offers
   *     this kind of socket at all, its superclass {@link UnsupportedOperationException}
   * @throws IOException if the kernel refuses
   */
  public UnixSeqpacketSocket open() throws IOException {
    return new OpenSeqpacket(opening.open());
  }

  /**
   * Opens a socket and connects it, without waiting.
   *
   * @param address the server's address
   * @return the socket, owned by the caller
   * @throws UnsupportedFeatureException if no provider has what was asked for; where none offers
   *     this kind of socket at all, its superclass {@link UnsupportedOperationException}
   * @throws SocketOpException if the kernel refuses, as {@link UnixConnection#tryConnect}
   *     describes, and with {@code EAGAIN} if the server's backlog is full
   * @throws IOException if it fails otherwise
   */
  public UnixSeqpacketSocket connect(UnixAddress address) throws IOException {
    UnixSeqpacketSocket socket = open();
    Opening.connectNow(socket, address);
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
  public SocketPair<UnixSeqpacketSocket> pair() throws IOException {
    var ends = opening.pair();
    return new SocketPair<>(new OpenSeqpacket(ends.get(0)), new OpenSeqpacket(ends.get(1)));
  }

  /**
   * Makes a socket of a descriptor that was opened elsewhere. It becomes non-blocking if it is not
   * connected, for every process that shares it.
   *
   * @param descriptor a Unix sequenced-packet socket; closed on success, untouched otherwise
   * @return the socket, owned by the caller
   * @throws UnsupportedFeatureException if no provider has what was asked for; where none offers
   *     this kind of socket at all, its superclass {@link UnsupportedOperationException}
   * @throws SocketOpException if the descriptor is something else: {@code ENOTSOCK}, {@code
   *     EPROTOTYPE}
   * @throws IOException if it fails otherwise
   */
  public UnixSeqpacketSocket adopt(OwnedFd descriptor) throws IOException {
    return new OpenSeqpacket(opening.adopt(descriptor));
  }
}
