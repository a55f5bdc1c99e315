package dev.ancilla.engine;

import dev.ancilla.UdpSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** An open UDP socket. */
public final class OpenUdp extends OpenDgram implements UdpSocket {
  /**
   * Creates the socket over its transport.
   *
   * @param opened the transport, owned by the socket
   */
  public OpenUdp(Opening.Opened opened) {
    super(opened, new UdpRules());
  }

  @Override
  public InetSocketAddress localAddress() throws IOException {
    return (InetSocketAddress) super.localAddress();
  }

  @Override
  public @Nullable InetSocketAddress remoteAddress() throws IOException {
    return (InetSocketAddress) super.remoteAddress();
  }
}
