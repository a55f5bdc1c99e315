package dev.ancilla;

import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A UDP socket over IPv4 or IPv6.
 *
 * <p>See {@link DgramSocket} for what differs from Unix datagrams.
 */
public interface UdpSocket extends DgramSocket {
  @Override
  InetSocketAddress localAddress() throws IOException;

  @Override
  @Nullable InetSocketAddress remoteAddress() throws IOException;
}
