package dev.ancilla;

import dev.ancilla.engine.OpenStream;
import dev.ancilla.engine.Opening;
import dev.ancilla.spi.SocketKind;
import java.io.IOException;

/**
 * Opens a Unix stream socket.
 *
 * <p>Not safe for use by several threads. May be used again after it has opened a socket.
 */
public final class UnixStreamBuilder {
  private final Opening opening = new Opening(SocketKind.UNIX_STREAM);

  UnixStreamBuilder() {}

  /**
   * Says how many descriptors a read may bring. Without it none: the kernel then discards what is
   * sent, and nobody can fill this process with descriptors. An exact read, or a frame, with which
   * more come is refused.
   *
   * @param count at most 253; descriptors beyond it are closed, and the read says so
   * @return this
   * @throws IllegalArgumentException if the count is negative or more than 253
   */
  public UnixStreamBuilder maxDescriptors(int count) {
    opening.maxDescriptors(count);
    return this;
  }

  /**
   * Asks for a size of the kernel's send buffer, which bounds what the peer has not read yet.
   *
   * @param bytes the size, at least 1
   * @return this
   * @throws IllegalArgumentException if the size is less than 1
   */
  public UnixStreamBuilder sendBufferSize(int bytes) {
    opening.sendBufferSize(bytes);
    return this;
  }

  /**
   * Asks for features: a provider without one of them is not taken.
   *
   * @param features what is needed
   * @return this
   */
  public UnixStreamBuilder require(Feature... features) {
    opening.require(features);
    return this;
  }

  /**
   * Says which loop waits for the socket. Without it all sockets of a provider share one.
   *
   * @param loop a loop that {@link #newEventLoop} opened
   * @return this
   */
  public UnixStreamBuilder eventLoop(EventLoop loop) {
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
  public StreamSocket open() throws IOException {
    return new OpenStream(opening.openStream());
  }

  /**
   * Opens a socket and connects it, without waiting.
   *
   * @param address the server's address
   * @return the socket, owned by the caller
   * @throws UnsupportedFeatureException if no provider has what was asked for; where none offers
   *     this kind of socket at all, its superclass {@link UnsupportedOperationException}
   * @throws SocketOpException if the kernel refuses, as {@link StreamSocket#tryConnect} describes,
   *     and with {@code EAGAIN} if the server's backlog is full
   * @throws IOException if it fails otherwise
   */
  public StreamSocket connect(UnixAddress address) throws IOException {
    StreamSocket socket = open();
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
  public SocketPair<StreamSocket> pair() throws IOException {
    var ends = opening.pairStream();
    return new SocketPair<>(new OpenStream(ends.get(0)), new OpenStream(ends.get(1)));
  }

  /**
   * Makes a socket of a descriptor that was opened elsewhere. A provider may make it non-blocking,
   * for every process that shares it.
   *
   * @param descriptor a Unix stream socket; closed on success, untouched otherwise
   * @return the socket, owned by the caller
   * @throws UnsupportedFeatureException if no provider has what was asked for; where none offers
   *     this kind of socket at all, its superclass {@link UnsupportedOperationException}
   * @throws SocketOpException if the descriptor is something else: {@code ENOTSOCK}, {@code
   *     EPROTOTYPE}
   * @throws IOException if it fails otherwise
   */
  public StreamSocket adopt(OwnedFd descriptor) throws IOException {
    return new OpenStream(opening.adoptStream(descriptor));
  }
}
