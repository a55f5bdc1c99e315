package dev.ancilla;

import dev.ancilla.engine.OpenUdp;
import dev.ancilla.engine.Opening;
import dev.ancilla.spi.SocketKind;
import java.io.IOException;
import java.net.InetSocketAddress;

/**
 * Opens a UDP socket.
 *
 * <p>Not safe for use by several threads. May be used again after it has opened a socket.
 */
public final class UdpBuilder {
  private final Opening opening = new Opening(SocketKind.UDP);

  UdpBuilder() {}

  /**
   * Says how many bytes of a message to keep. Without it messages of any size arrive whole.
   *
   * @param bytes the limit, at least 1; a longer message is cut and {@link Datagram#truncated()}
   *     says so
   * @return this
   * @throws IllegalArgumentException if the limit is less than 1
   */
  public UdpBuilder limit(int bytes) {
    opening.limit(bytes);
    return this;
  }

  /**
   * Asks for a size of the kernel's send buffer.
   *
   * @param bytes the size, at least 1
   * @return this
   * @throws IllegalArgumentException if the size is less than 1
   */
  public UdpBuilder sendBufferSize(int bytes) {
    opening.sendBufferSize(bytes);
    return this;
  }

  /**
   * Asks for a size of the kernel's receive buffer. What does not fit it is lost.
   *
   * @param bytes the size, at least 1
   * @return this
   * @throws IllegalArgumentException if the size is less than 1
   */
  public UdpBuilder receiveBufferSize(int bytes) {
    opening.receiveBufferSize(bytes);
    return this;
  }

  /**
   * Asks for features: a provider without one of them is not taken.
   *
   * @param features what is needed
   * @return this
   */
  public UdpBuilder require(Feature... features) {
    opening.require(features);
    return this;
  }

  /**
   * Says which loop waits for the socket. Without it all sockets of a provider share one.
   *
   * @param loop a loop that {@link #newEventLoop} opened
   * @return this
   */
  public UdpBuilder eventLoop(EventLoop loop) {
    opening.eventLoop(loop);
    return this;
  }

  /**
   * Opens another loop on the provider that this builder would take.
   *
   * @param name the name of its thread
   * @return the loop
   * @throws UnsupportedFeatureException if no provider has what was asked for
   */
  public EventLoop newEventLoop(String name) {
    return opening.newEventLoop(name);
  }

  /**
   * Opens a socket that is not bound; the first send binds it to an unused port.
   *
   * @return the socket, owned by the caller
   * @throws UnsupportedFeatureException if no provider has what was asked for
   * @throws IOException if the kernel refuses
   */
  public UdpSocket open() throws IOException {
    return new OpenUdp(opening.open());
  }

  /**
   * Opens a socket and binds it.
   *
   * @param address the address; port 0 for an unused one
   * @return the socket, owned by the caller
   * @throws UnsupportedFeatureException if no provider has what was asked for
   * @throws SocketOpException if the kernel refuses
   * @throws IOException if it fails otherwise
   */
  public UdpSocket bind(InetSocketAddress address) throws IOException {
    UdpSocket socket = open();
    Opening.orClose(socket, () -> socket.bind(address));
    return socket;
  }

  /**
   * Opens a socket and connects it.
   *
   * @param address the peer
   * @return the socket, owned by the caller
   * @throws UnsupportedFeatureException if no provider has what was asked for
   * @throws SocketOpException if the kernel refuses
   * @throws IOException if it fails otherwise
   */
  public UdpSocket connect(InetSocketAddress address) throws IOException {
    UdpSocket socket = open();
    Opening.orClose(socket, () -> socket.tryConnect(address));
    return socket;
  }
}
